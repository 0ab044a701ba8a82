"""The connection of this process to a cluster of Ray."""

from __future__ import annotations

import ipaddress
import logging
import socket
import time
from typing import Any

from fastw2v.runtime.packages import optional_module

_CURE = 'start one by `ray start --head`, give its address, or pass cluster="local" for this machine alone'
_HEAD_S = 40.0  # Ray ends this process when it has missed the head for 60 seconds
_STORE_BYTES = 1 << 30  # of a cluster that is started here: blocks under way, and counts


def ray_module() -> Any:  # noqa: ANN401 - it may not be installed
    """Return the module ray; ImportError, with the command that installs it, if it is absent."""
    return optional_module("ray", package="'fastw2v[ray]'", purpose="training on a cluster")


def connection_error(host: str, port: int, seconds: float = 10.0) -> OSError | None:
    """Return why nobody can be reached there; None if somebody listens."""
    try:
        socket.create_connection((host, port), timeout=seconds).close()
    except OSError as error:
        return error
    return None


class RayCluster:
    """The cluster that this process is connected to, from now on or already.

    Parameters
    ----------
    address : str
        See `Cluster`.

    Raises
    ------
    ImportError
        Ray is not installed.
    ValueError
        It is no address.
    ConnectionError
        There is no such cluster, or this process is connected to another.
    """

    def __init__(self, address: str) -> None:
        self._ray = ray_module()
        head = None if address in ("auto", "local") else _host_and_port(address)
        self._is_connected_here = not self._ray.is_initialized()
        if self._is_connected_here:
            self._connect(address, head)
        elif address != "auto":
            self._check_connected(address, head)
        self._head = _host_and_port(self._ray.get_runtime_context().gcs_address)

    def _connect(self, address: str, head: tuple[str, int] | None) -> None:
        error: Exception | None = None if head is None else connection_error(*head)  # Ray would wait for minutes
        if error is None:
            options: dict[str, Any] = {"address": address, "logging_level": logging.WARNING, "log_to_driver": False}
            if address == "local":
                options |= {"include_dashboard": False, "object_store_memory": _STORE_BYTES}
            try:
                self._ray.init(**options)
            except (ConnectionError, ValueError, RuntimeError, TimeoutError) as refused:
                error = refused
        if error is not None:
            raise ConnectionError(f"no Ray cluster at {address!r} ({error}); {_CURE}") from error

    def _check_connected(self, address: str, head: tuple[str, int] | None) -> None:
        connected = self._ray.get_runtime_context().gcs_address
        if head is None or not self._is_same(head, _host_and_port(connected)):
            cure = 'pass cluster="auto" to train on that one, or call ray.shutdown() before'
            raise ConnectionError(f"cluster is {address!r}, but this process uses the Ray cluster {connected}: {cure}")

    def _is_same(self, one: tuple[str, int], other: tuple[str, int]) -> bool:
        own = self._ray.util.get_node_ip_address()
        return one[1] == other[1] and not _addresses(one[0], own).isdisjoint(_addresses(other[0], own))

    def await_head(self) -> None:
        """Wait until the head can be reached.

        Raises
        ------
        ConnectionError
            It cannot. Ray would end this process soon, so the connection to the cluster is given up.
        """
        begun, error = time.monotonic(), connection_error(*self._head, seconds=5)
        while error is not None and time.monotonic() - begun < _HEAD_S:
            time.sleep(1)
            error = connection_error(*self._head, seconds=5)
        if error is not None:
            self._ray.shutdown()
            cure = "start a cluster again, and go on from the last checkpoint: Word2Vec.resume(path, ...), or --resume"
            raise ConnectionError(f"the head of the Ray cluster, {':'.join(map(str, self._head))}, is gone; {cure}")

    def close(self) -> None:
        """End the connection, if it was made here."""
        if self._is_connected_here:
            self._ray.shutdown()


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal() and int(port) < 1 << 16):
        raise ValueError(f'cluster is {address!r}; expected "auto", "local", or HOST:PORT of the head of a cluster')
    return host.strip("[]"), int(port)


def _addresses(host: str, own: str) -> set[str]:
    """Return the IP addresses of a host; of this machine by another name, its own address too."""
    try:
        found = {str(known[4][0]) for known in socket.getaddrinfo(host, None)}
    except OSError:
        return {host}
    return found | {own} if any(ipaddress.ip_address(each).is_loopback for each in found) else found
