"""A Ray cluster whose nodes are processes of this machine, and what its workers hold."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastw2v.distributed.ray_cluster import connection_error

ROOT = Path(__file__).resolve().parents[3]
STORE_BYTES = 512 << 20


def set_environment() -> None:
    """Set what all processes of Ray need, before it is started."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_AUTH_MODE"] = "disabled"
    os.environ["RAY_worker_niceness"] = "0"  # not 15: a process that is compared with them is not nice either
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "kernels")])


@contextmanager
def nodes(n_nodes: int, *, cpus: int = 1, store_bytes: int = STORE_BYTES) -> Iterator[Any]:
    """Start a cluster of so many nodes, and end it; the first is the head, which a study must not remove."""
    set_environment()
    import ray
    from ray.cluster_utils import Cluster

    options = {"num_cpus": cpus, "object_store_memory": store_bytes, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=options)
    try:
        for _ in range(n_nodes - 1):
            cluster.add_node(**options)
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()


def actors(cluster: Any) -> list[int]:  # noqa: ANN401 - Ray has no types
    """Process ids of the workers of a cluster of this machine that are there."""
    return [pid for node in cluster.list_all_nodes() for pid in actors_of(cluster, node)]


def actors_of(cluster: Any, node: Any) -> list[int]:  # noqa: ANN401
    """Process ids of the workers of one node."""
    raylets = {node.all_processes["raylet"][0].process.pid} if node in cluster.list_all_nodes() else set()
    pids = map(int, filter(str.isdecimal, os.listdir("/proc")))
    return sorted(pid for pid in pids if _is_actor(pid, raylets))


def _is_actor(pid: int, raylets: set[int]) -> bool:
    try:
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        return parent in raylets and Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"ray::Replica")
    except OSError:  # it has ended
        return False


def held_bytes(pid: int) -> dict[str, int]:
    """Memory of a process: its own, that of files that the system may drop, and that of the object store."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    found = dict(line.split(":", 1) for line in lines if line.startswith("Rss"))
    names = {"own_bytes": "RssAnon", "file_bytes": "RssFile", "store_bytes": "RssShmem"}
    return {name: 1024 * int(found[key].split()[0]) for name, key in names.items()}


def left_behind(cluster: Any) -> dict[str, list[str]]:  # noqa: ANN401
    """What a training must not leave: workers, and temporary files. Ray's own files are called ray or session."""
    files = Path(os.environ.get("TMPDIR", "/tmp")).iterdir()
    own = [path.name for path in files if not path.name.startswith(("ray", "session", "tmp_ray"))]
    return {"workers": [str(pid) for pid in actors(cluster)], "files": own}


def stored() -> dict[str, int]:
    """Bytes in use in the object stores of all nodes, and where grpcio is installed the number of objects.

    That number has also objects that nobody uses, which Ray keeps until it needs their room.

    This process is connected to the cluster.
    """
    import ray

    whole, free = (
        found.get("object_store_memory", 0) for found in (ray.cluster_resources(), ray.available_resources())
    )
    found = {"bytes": int(whole - free)}
    try:
        import grpc  # noqa: F401 - Ray asks its nodes by it
        from ray._private.internal_api import node_stats
    except ImportError:
        return found
    places = [(node["NodeManagerAddress"], node["NodeManagerPort"]) for node in ray.nodes() if node["Alive"]]
    reachable = [place for place in places if connection_error(*place) is None]
    told = [node_stats(*place, include_memory_info=False) for place in reachable]
    return found | {"objects": sum(node.store_stats.num_local_objects for node in told)}
