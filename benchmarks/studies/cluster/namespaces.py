"""Machines in small: network namespaces of Linux, joined by a switch, each with a link of limited speed and a Ray node.

All of it needs root, and `ip` and `tc` of iproute2. The namespaces have names that begin with `fastw2v-` and the number
of the process that made them. The network of the machine itself is not touched.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

from benchmarks.studies.cluster.machines import STORE_BYTES, set_environment

PORT = 6379
_PREFIX = "fastw2v-"
_CLONE_NEWNET = 0x40000000
_BURST_BYTES = 1 << 18  # more than the largest packet that the system hands to a link, 64 KB
_QUEUE_MS = 20
_START_S, _END_S = 60.0, 10.0


class NamespaceError(RuntimeError):
    """No network namespaces can be made on this machine, or by this user."""


def check() -> None:
    """Raise NamespaceError, with what is missing, where no namespaces can be made."""
    absent = [name for name in ("ip", "tc") if shutil.which(name) is None]
    if absent:
        raise NamespaceError(f"{' and '.join(absent)} not found: install iproute2 (Linux only)")
    if os.geteuid() != 0:
        raise NamespaceError("network namespaces need root: run this as root, on a machine of your own")


class Network:
    """Namespaces and their links.

    Parameters
    ----------
    n_nodes : int
        At most 250.
    maker : int, optional
        The process whose network it is; default: this one.

    Attributes
    ----------
    names : list of str
        Of the namespaces, one for each node.
    addresses : list of str
    """

    def __init__(self, n_nodes: int, maker: int | None = None) -> None:
        prefix = f"{_PREFIX}{maker or os.getpid()}"
        self._switch = f"{prefix}-switch"
        self.names = [f"{prefix}-{number}" for number in range(n_nodes)]
        self.addresses = [f"10.77.0.{1 + number}" for number in range(n_nodes)]

    def make(self) -> None:
        """Make the namespaces, and join them."""
        for name in (self._switch, *self.names):
            _run("ip", "netns", "add", name)
            _run("ip", "-n", name, "link", "set", "lo", "up")
        switch = ("ip", "-n", self._switch, "link")
        _run(*switch, "add", "name", "bridge", "type", "bridge")
        _run(*switch, "set", "bridge", "up")
        for number, (name, address) in enumerate(zip(self.names, self.addresses)):
            port = f"port{number}"
            _run(*switch, "add", "name", port, "type", "veth", "peer", "name", "eth0", "netns", name)
            _run(*switch, "set", port, "master", "bridge", "up")
            _run("ip", "-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
            _run("ip", "-n", name, "link", "set", "eth0", "up")

    def limit(self, megabits: float | None) -> None:
        """Limit each node's link in both directions, to so many Mb/s; None: no limit."""
        ends = [(name, "eth0") for name in self.names]  # what a node sends, and what it receives
        ends += [(self._switch, f"port{number}") for number in range(len(self.names))]
        for name, device in ends:
            command = ["tc", "-n", name, "qdisc"]
            if megabits is None:
                subprocess.run([*command, "del", "dev", device, "root"], capture_output=True, check=False)
            else:
                rate = ("rate", f"{megabits:g}mbit", "burst", str(_BURST_BYTES), "latency", f"{_QUEUE_MS}ms")
                _run(*command, "replace", "dev", device, "root", "tbf", *rate)

    def pids(self) -> list[int]:
        """Return the processes in the namespaces of nodes, but not this one."""
        found: list[int] = []
        for name in self.names:
            told = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=False)
            found += map(int, told.stdout.split())
        return [pid for pid in found if pid != os.getpid()]

    def cores_s(self) -> float:
        """Return the seconds in which cores worked for this process and for those in the namespaces."""
        ticks = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):  # it has ended
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")

    def remove(self) -> None:
        """End what runs in the namespaces, and delete them."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            _end(self.pids(), number)
            deadline = time.monotonic() + _END_S
            while self.pids() and time.monotonic() < deadline:
                time.sleep(0.1)
        for name in (*self.names, self._switch):
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


@contextmanager
def network(n_nodes: int) -> Iterator[Network]:
    """Make a network, and remove it at the end, also after an error, Ctrl-C or SIGTERM.

    What a process has left that was killed by SIGKILL, the next one removes.

    Raises
    ------
    NamespaceError
        This machine, or this user, cannot make one.
    """
    check()
    _remove_leftovers()
    made = Network(n_nodes)
    before = signal.signal(signal.SIGTERM, _exit)
    try:
        made.make()
        yield made
    finally:
        ignored = [signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)]
        made.remove()
        signal.signal(signal.SIGINT, ignored[0])
        signal.signal(signal.SIGTERM, before)


def _remove_leftovers() -> None:
    """Remove the networks of processes that are gone."""
    folder = Path("/run/netns")
    names = [path.name for path in folder.glob(f"{_PREFIX}*")] if folder.is_dir() else []
    nodes = Counter(int(name.split("-")[1]) for name in names)
    for maker, n_found in nodes.items():
        if not Path(f"/proc/{maker}").exists():
            Network(n_found, maker).remove()


@contextmanager
def inside(name: str) -> Iterator[None]:
    """Let this thread, and the threads that it starts, use the network of a namespace."""
    with open("/proc/thread-self/ns/net") as own:
        _enter(f"/run/netns/{name}")
        try:
            yield
        finally:
            _set_namespace(own.fileno())


class RayNodes:
    """Ray nodes of one CPU in the namespaces of a network; the first is the head.

    Parameters
    ----------
    made : Network
    folder : Path
        For the files of Ray; a short path, because the names of sockets are.
    """

    def __init__(self, made: Network, folder: Path) -> None:
        self._network, self._folder, self._started = made, folder, 0
        self.address = f"{made.addresses[0]}:{PORT}"
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, n_nodes: int) -> None:
        """Start nodes until there are so many, and wait until Ray knows them."""
        for number in range(self._started, n_nodes):
            self._processes.append(self._node(number))
            self._wait(number)
        self._started = n_nodes

    def _node(self, number: int) -> subprocess.Popen[bytes]:
        name, address = self._network.names[number], self._network.addresses[number]
        command = ["ip", "netns", "exec", name, sys.executable, "-m", "ray.scripts.scripts", "start", "--block"]
        command += ["--num-cpus=1", f"--object-store-memory={STORE_BYTES}", f"--node-ip-address={address}"]
        if number == 0:
            command += ["--head", f"--port={PORT}", "--include-dashboard=false", f"--temp-dir={self._folder}"]
        else:
            command += [f"--address={self.address}"]
        with open(self._folder / f"node{number}.log", "wb") as log:
            return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)

    def _wait(self, number: int) -> None:
        import ray

        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline and self._processes[number].poll() is None:
            if number == 0 and not ray.is_initialized() and self._is_up():
                ray.init(address=self.address, log_to_driver=False, logging_level="ERROR")
            if ray.is_initialized() and sum(node["Alive"] for node in ray.nodes()) > number:
                return
            time.sleep(0.5)
        log = (self._folder / f"node{number}.log").read_text(errors="replace")
        raise RuntimeError(f"Ray node {number} did not start in {_START_S:g} s:\n{log[-2000:]}")

    def _is_up(self) -> bool:
        return b"Ray runtime started" in (self._folder / "node0.log").read_bytes()

    def end(self) -> None:
        """End the nodes; `Network.remove` ends what they leave."""
        import ray

        ray.shutdown()
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def ray_network(most_nodes: int) -> Iterator[tuple[Network, RayNodes]]:
    """Make a network, and enter the namespace of its first node; Ray nodes are started by `RayNodes.start`."""
    set_environment()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="net-", dir="/tmp", ignore_cleanup_errors=True)))
        made = stack.enter_context(network(most_nodes))
        stack.enter_context(inside(made.names[0]))
        nodes = RayNodes(made, folder)
        stack.callback(nodes.end)
        yield made, nodes


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NamespaceError(f"{' '.join(command)}: {done.stderr.strip()}")


def _end(pids: list[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _enter(path: str) -> None:
    with open(path) as namespace:
        _set_namespace(namespace.fileno())


def _set_namespace(descriptor: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET) != 0:
        raise NamespaceError(f"setns: {os.strerror(ctypes.get_errno())}")


def _exit(*_: object) -> NoReturn:
    raise SystemExit("ended by SIGTERM")
