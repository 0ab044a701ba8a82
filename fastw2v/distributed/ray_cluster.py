"""The connection of this process to a cluster of Ray."""

from __future__ import annotations

import atexit
import ipaddress
import logging
import os
import socket
import sys
import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

from fastw2v.distributed.limits import Calls, Found, LateError
from fastw2v.runtime.packages import optional_module

_CURE = 'start one by `ray start --head`, give its address, or pass cluster="local" for this machine alone'
_CONNECT_S = 60.0
_SHUTDOWN_S, _GIVE_UP_S = 60.0, 10.0  # to end a connection; one whose head does not answer
_SILENCE = "RAY_IGNORE_UNHANDLED_ERRORS"
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
        self._ray, self._calls = ray_module(), Calls()
        head = None if address in ("auto", "local") else _host_and_port(address)
        self._is_connected_here = not self._ray.is_initialized()
        self._is_given_up = False
        if self._is_connected_here:
            self._connect(address)
        elif address != "auto":
            self._check_connected(address, head)
        self._head = _host_and_port(self._ray.get_runtime_context().gcs_address)
        self._is_silenced = _SILENCE not in os.environ  # else Ray prints the errors of calls to workers that are lost
        os.environ.setdefault(_SILENCE, "1")
        if self._is_connected_here:
            self._let_ray_print(False)

    def _connect(self, address: str) -> None:
        if address == "auto":
            _refuse_client(os.environ.get("RAY_ADDRESS", ""))
        options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}  # it warns of the thread
        level = logging.getLogger("ray").level
        try:
            if address == "local":  # here: the processes that Ray starts end with the thread that has started them
                own = {"include_dashboard": False, "object_store_memory": _STORE_BYTES}
                self._ray.init(address="local", **options, **own)
            else:
                options["address"] = self._reachable(address)
                self._calls.within(_CONNECT_S, lambda: self._ray.init(**options))
        except (ValueError, RuntimeError, OSError) as error:
            raise ConnectionError(f"no Ray cluster at {address!r} ({error}); {_CURE}") from error
        finally:
            logging.getLogger("ray").setLevel(max(level, logging.WARNING))
            if self._calls.go_on:  # late, or after Ctrl-C
                self._end(0)

    def _reachable(self, address: str) -> str:
        """Return the address that Ray connects to, where somebody listens: else Ray would wait for minutes."""
        services = self._internal("services")
        if services is not None:  # "auto" is in the environment or a file of Ray, which has one address of this machine
            address = services.canonicalize_bootstrap_address(address) or address
        error = None if address == "auto" else connection_error(*_host_and_port(address))
        if error is not None:
            raise ConnectionError(f"{address}: {error}") from error
        return address

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
            raise self._given_up("is gone")

    def ask(self, call: Callable[[], Found]) -> Found:
        """Return what a call to the head returns; use it for each, since Ray has no limit of time for them.

        Raises
        ------
        ConnectionError
            The head does not answer. The connection to the cluster is given up.
        """
        if self._is_given_up:
            raise ConnectionError("the connection to the Ray cluster was given up")
        try:
            return self._calls.within(_HEAD_S, call)
        except LateError:
            why = self._given_up(f"did not answer in {_HEAD_S:.0f} s")
        raise why

    def _given_up(self, why: str) -> ConnectionError:
        self._end(_GIVE_UP_S)
        cure = "start a cluster again, and go on from the last checkpoint: Word2Vec.resume(path, ...), or --resume"
        return ConnectionError(f"the head of the Ray cluster, {':'.join(map(str, self._head))}, {why}; {cure}")

    @property
    def is_there(self) -> bool:
        """Whether this process is connected, and has not given the connection up."""
        return not self._is_given_up and bool(self._ray.is_initialized())

    def close(self) -> None:
        """End the connection, if it was made here."""
        try:
            if self._is_connected_here and not self._is_given_up:
                self._end(_GIVE_UP_S if self._calls.go_on else _SHUTDOWN_S)
        finally:
            if self._is_silenced:
                os.environ.pop(_SILENCE, None)
            if self._is_connected_here:
                self._let_ray_print(True)

    def _end(self, seconds: float) -> None:
        """End the connection when all calls have ended, in a thread that the process need not wait for."""
        self._is_given_up, ended = True, Event()

        def shutdown() -> None:
            self._calls.await_end()  # Ray would free what they use
            self._ray.shutdown()
            ended.set()
            atexit.unregister(_leave)

        Thread(target=shutdown, daemon=True).start()
        try:
            ended.wait(seconds)
        finally:  # after Ctrl-C too
            if not ended.is_set():
                self._forget()
                if ended.is_set():  # meanwhile
                    atexit.unregister(_leave)

    def _let_ray_print(self, value: bool) -> None:
        """Let Ray print to stdout what the daemons of nodes tell, also where nothing else is to be printed."""
        worker = self._internal("worker")
        if hasattr(worker, "_worker_logs_enabled"):
            worker._worker_logs_enabled = value

    def _internal(self, name: str) -> Any:  # noqa: ANN401
        """Return a module of Ray that may be another, or none, in the next version."""
        return getattr(getattr(self._ray, "_private", None), name, None)

    def _forget(self) -> None:
        """Let the process end without the head: Ray asks it at the exit, and before it shows an error."""
        atexit.unregister(self._ray.shutdown)
        worker = self._internal("worker")
        if worker is not None:
            atexit.register(_leave)
        if worker is not None and sys.excepthook is getattr(worker, "custom_excepthook", None):
            sys.excepthook = getattr(worker, "normal_excepthook", sys.__excepthook__)


def _leave() -> None:
    """End this process at its exit, with an error: threads of Ray that go on would end it by a signal."""
    atexit.unregister(_leave)
    try:
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    finally:
        os._exit(1)


def _host_and_port(address: str) -> tuple[str, int]:
    _refuse_client(address)
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal() and int(port) < 1 << 16):
        raise ValueError(f'cluster is {address!r}; expected "auto", "local", or HOST:PORT of the head of a cluster')
    return host.strip("[]"), int(port)


def _refuse_client(address: str) -> None:
    if "://" in address:
        raise ValueError(
            f"cluster is {address!r}, an address for Ray clients, from where nothing can be trained; run the training "
            'on a machine of the cluster, and pass cluster="auto", or HOST:PORT of the head, such as HOST:6379'
        )


def _addresses(host: str, own: str) -> set[str]:
    """Return the IP addresses of a host; of this machine by another name, its own address too."""
    try:
        found = {str(known[4][0]) for known in socket.getaddrinfo(host, None)}
    except OSError:
        return {host}
    return found | {own} if any(ipaddress.ip_address(each).is_loopback for each in found) else found
