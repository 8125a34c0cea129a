"""A connection whose whole conversation ends at a deadline, however slowly the other side speaks."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

DEADLINE: Final = 30.0
SHORTEST: Final = 0.01


class Deadline:
    """A point in time after which a conversation is cut off."""

    def __init__(self, seconds: float = DEADLINE) -> None:
        self._end = time.monotonic() + seconds
        self.seconds = seconds

    @property
    def left(self) -> float:
        """The seconds until then; never quite none, since a timeout of 0 would mean something else."""
        return max(SHORTEST, self._end - time.monotonic())

    @property
    def is_over(self) -> bool:
        """Whether it has passed."""
        return time.monotonic() >= self._end

    @contextmanager
    def over(self, connection: socket.socket) -> Iterator[None]:
        """Cut the connection off at the deadline: a timeout of a socket's own begins anew with each byte."""
        end = connection.dup()  # the same connection, though TLS may be put over the first
        timer = threading.Timer(self.left, _cut, (end,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
            end.close()


def connected(host: str, port: int, deadline: Deadline) -> socket.socket:
    """Connect to the first address of a host that answers; no address may use up the time of the others.

    Raises OSError.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    error: OSError = TimeoutError()
    for number, (family, kind, protocol, _, address) in enumerate(found):
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(deadline.left / (len(found) - number))
            connection.connect(address)
            connection.settimeout(deadline.left)
        except OSError as failed:
            connection.close()
            error = failed
        else:
            return connection
    raise error


def trusted() -> ssl.SSLContext:
    """Return how TLS is spoken: certificates and names are verified (SSL_CERT_FILE may name other authorities)."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
