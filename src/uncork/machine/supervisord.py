"""Asking supervisord over its unix socket, in its XML-RPC."""

import http.client
import socket as network
import xmlrpc.client
from pathlib import Path
from typing import Final

from uncork.machine.sockets import connected
from uncork.model import Program

# supervisor.xmlrpc.Faults; importing it takes 80 ms, and a test compares the two.
FAULTS: Final = {
    1: "UNKNOWN_METHOD",
    2: "INCORRECT_PARAMETERS",
    3: "BAD_ARGUMENTS",
    4: "SIGNATURE_UNSUPPORTED",
    6: "SHUTDOWN_STATE",
    10: "BAD_NAME",
    11: "BAD_SIGNAL",
    20: "NO_FILE",
    21: "NOT_EXECUTABLE",
    30: "FAILED",
    40: "ABNORMAL_TERMINATION",
    50: "SPAWN_ERROR",
    60: "ALREADY_STARTED",
    70: "NOT_RUNNING",
    80: "SUCCESS",
    90: "ALREADY_ADDED",
    91: "STILL_RUNNING",
    92: "CANT_REREAD",
}
TIMEOUT: Final = 60.0


class SupervisorFault(Exception):  # noqa: N818 -- the word of XML-RPC, and of supervisor itself
    """What supervisord answered instead of a value: the fault's name, as in BAD_NAME, and its text."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name
        self.text = text


class _Connection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket instead of a host."""
        self.sock: network.socket = connected(self._path, TIMEOUT)


class _Transport(xmlrpc.client.Transport):
    """XML-RPC over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, _host: object) -> http.client.HTTPConnection:
        """Return a connection to the socket, whatever the host."""
        return _Connection(self._path)


def call(socket: Path, method: str, params: tuple[str | bool, ...] = ()) -> object:
    """Return what supervisord answers to a method, as in `supervisor.startProcess`.

    Raises SupervisorFault if it refuses, and OSError if nobody answers.
    """
    transport = _Transport(socket)
    try:
        body = xmlrpc.client.dumps(params, method)
        answer = transport.single_request("localhost", "/RPC2", body.encode())
    except xmlrpc.client.Fault as fault:
        raise SupervisorFault(FAULTS.get(fault.faultCode, "UNKNOWN"), fault.faultString) from fault
    except (xmlrpc.client.ProtocolError, http.client.HTTPException) as error:
        raise ConnectionError(f"supervisord at {socket} did not answer as it should: {error}") from error
    finally:
        transport.close()
    return answer[0] if isinstance(answer, tuple) else answer


def processes(socket: Path) -> tuple[Program, ...] | None:
    """Return every process of supervisord's as `group:name`; None if nobody answers.

    Raises SupervisorFault while it is shutting down.
    """
    try:
        answer = call(socket, "supervisor.getAllProcessInfo")
    except OSError:
        return None
    found = [_process(entry) for entry in answer if isinstance(entry, dict)] if isinstance(answer, list) else []
    return tuple(sorted(found, key=lambda process: process.name))


def programs(socket: Path) -> tuple[Program, ...] | None:
    """Return every program of supervisord's by the name of its group, as its server is, which is its first process.

    The other process of a group only holds its listening socket. None if nobody answers, or if it is shutting down.
    """
    try:
        found = processes(socket)
    except SupervisorFault:
        return None
    if found is None:
        return None
    servers: dict[str, Program] = {}
    for process in found:
        group = process.name.partition(":")[0]
        servers.setdefault(group, Program(group, process.state, process.pid, process.started))
    return tuple(servers.values())


def _process(entry: dict[str, object]) -> Program:
    name, state, pid, start = (entry.get(key) for key in ("name", "statename", "pid", "start"))
    return Program(
        f"{entry.get('group')}:{name}",
        str(state),
        pid if isinstance(pid, int) else 0,
        float(start) if isinstance(start, int) else 0.0,
    )
