"""Asking over sockets: a server on its unix socket, the front over TCP, and the kernel about who waits and listens."""

import errno
import os
import socket as network
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from uncork.errors import UsageError, UserError
from uncork.machine import endpoints
from uncork.machine.endpoints import Endpoint, Load
from uncork.machine.wire import Response, http_request, response, uwsgi_request
from uncork.serving import Protocol

__all__ = [
    "Load",
    "Response",
    "ask",
    "ask_front",
    "connected",
    "next_free_port",
    "port_holder",
    "read_stats",
    "source",
    "waiting",
]

LONGEST_PATH: Final = 107  # sockaddr_un.sun_path without its NUL, unix(7)
MOST_BYTES: Final = 4 * 1024 * 1024
TICK: Final = 0.1
STATS_WAIT: Final = 1.0
LAST_PORT: Final = 65535
EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104 -- asked, not bound
UNIX_TABLE: Final = Path("/proc/net/unix")


def _nothing() -> None:
    """Do nothing meanwhile."""


def ask(
    socket: Path,
    path: str,
    speaks: Protocol,
    host: str,
    timeout: float,
    meanwhile: Callable[[], None] = _nothing,
) -> Response:
    """Return what a server answers to a GET, within `timeout` seconds in all; `socket` may stand for a port.

    `meanwhile` is called ten times a second while nothing comes; what it raises ends the waiting. Raises OSError
    (TimeoutError, ConnectionError, FileNotFoundError) if there is no answer.
    """
    deadline = time.monotonic() + timeout
    port = endpoints.at(socket)
    request = (
        uwsgi_request(host, path) if speaks is Protocol.UWSGI else http_request(host, path, port.key if port else "")
    )
    with _reached(port, socket, min(timeout, TICK * 10)) as connection:
        return response(_exchange(connection, request, deadline, meanwhile))


def _reached(port: Endpoint | None, path: Path, timeout: float) -> network.socket:
    return network.create_connection(("127.0.0.1", port.port), timeout) if port else connected(path, timeout)


def ask_front(address: str, port: int, host: str, path: str, timeout: float) -> Response:
    """Return what the front answers to a GET over plain HTTP; one bound to every address is asked on the loopback.

    Raises OSError if there is no answer.
    """
    deadline = time.monotonic() + timeout
    with network.create_connection((EVERYWHERE.get(address, address), port), timeout) as connection:
        return response(_exchange(connection, http_request(host, path), deadline, _nothing))


def connected(path: Path, timeout: float) -> network.socket:
    """Return a connection to a unix socket. Raises OSError if nobody listens, UserError if the path is too long."""
    length = len(os.fsencode(path))
    if length > LONGEST_PATH:
        problem = f"the path of a socket has {length} bytes, more than the {LONGEST_PATH} that are possible: {path}"
        raise UserError(problem, "use a state directory with a shorter path, with --home")
    connection = network.socket(network.AF_UNIX, network.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        connection.connect(os.fspath(path))
    except OSError:
        connection.close()
        raise
    return connection


def source(address: str) -> str:
    """Return the address by which this machine comes to `HOST:PORT`; empty if there is no way to it."""
    host, _, port = address.rpartition(":")
    try:
        found = network.getaddrinfo(host.strip("[]"), int(port), type=network.SOCK_DGRAM)
        with network.socket(found[0][0], network.SOCK_DGRAM) as way:
            way.connect(found[0][4])  # of UDP it sends nothing: the kernel but finds the way
            return str(way.getsockname()[0])
    except OSError:
        return ""


def read_stats(path: Path) -> str:
    """Return all that is written to who connects to a unix socket; "" if nobody answers within a second."""
    deadline = time.monotonic() + STATS_WAIT
    try:
        with connected(path, STATS_WAIT) as connection:
            return _exchange(connection, b"", deadline, _nothing).decode("utf-8", "replace")
    except OSError:
        return ""


def _exchange(connection: network.socket, request: bytes, deadline: float, meanwhile: Callable[[], None]) -> bytes:
    """Send, and receive to the end, or as much as anybody would read."""
    connection.settimeout(max(0.001, deadline - time.monotonic()))
    if request:  # sending nothing fails too, if all has been said and the connection closed
        connection.sendall(request)
    received = bytearray()
    while len(received) < MOST_BYTES:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(errno.ETIMEDOUT, "no whole answer in time")
        connection.settimeout(min(left, TICK))
        try:
            chunk = connection.recv(65536)
        except TimeoutError:
            meanwhile()
            continue
        if not chunk:
            break
        received += chunk
    return bytes(received)


def waiting(socket: Path) -> Load | None:
    """Return who is at a listening socket, by its path; None where the kernel does not tell (no /proc).

    A row of /proc/net/unix with that path is the listener (its flags say that it accepts), an accepted connection that
    is open (state 03), or one that nobody has accepted yet (state 02, inode 0).
    """
    port = endpoints.at(socket)
    if port:
        return endpoints.waiting(port)
    try:
        table = UNIX_TABLE.read_bytes()
    except OSError:
        return None
    path = os.fsencode(socket)
    rows = [row.split(None, 7) for row in table.splitlines() if row.endswith(path)]
    states = [row[5] for row in rows if len(row) == 8 and row[7] == path]  # noqa: PLR2004 -- eight columns
    return Load(states.count(b"02"), states.count(b"03"))


def port_holder(bind: str, port: int) -> str | None:
    """Return who holds a TCP port, as in "pid 123 (nginx)", or "somebody"; None if it is free.

    Raises UsageError if we may not listen there whoever holds it.
    """
    if _is_free(bind, port):
        return None
    return _listener(port) or "somebody"


def next_free_port(bind: str, port: int) -> int:
    """Return the next port after that one which is free. Raises UsageError if there is none."""
    for candidate in range(port + 1, LAST_PORT + 1):
        if _is_free(bind, candidate):
            return candidate
    raise UsageError(f"no port after {port} is free on {bind}", "choose a lower one with --port")


def _is_free(bind: str, port: int) -> bool:
    family = network.AF_INET6 if ":" in bind else network.AF_INET
    with network.socket(family, network.SOCK_STREAM) as attempt:
        attempt.setsockopt(network.SOL_SOCKET, network.SO_REUSEADDR, 1)
        try:
            attempt.bind((bind, port))
        except OSError as error:
            return _is_busy(error, bind, port)
    return True


def _is_busy(error: OSError, bind: str, port: int) -> bool:
    """Return False if the port is taken; raise UsageError if that is not what is wrong."""
    if error.errno == errno.EADDRINUSE:
        return False
    if error.errno in {errno.EACCES, errno.EPERM}:
        raise UsageError(
            f"only root may listen on port {port}", "choose one above 1023 with --port, or run this as root"
        ) from error
    raise UsageError(f"can't listen on {bind}:{port}: {error.strerror or error}", "choose another --bind") from error


def _listener(port: int) -> str | None:
    import psutil

    try:
        found = psutil.net_connections(kind="tcp")
        pids = [c.pid for c in found if c.status == psutil.CONN_LISTEN and c.laddr and c.laddr.port == port and c.pid]
        return f"pid {min(pids)} ({psutil.Process(min(pids)).name()})" if pids else None
    except psutil.Error:
        return None
