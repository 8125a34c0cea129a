"""What an nginx of some version understands: uncork's own is new, the one of a system may be years old."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Dialect:
    """The config's language as nginx of that version has it (https://nginx.org/en/CHANGES)."""

    version: tuple[int, ...]

    @property
    def merges(self) -> bool:
        """Whether what adds a header field can leave those from further out in place (1.29.3)."""
        return self.version >= (1, 29, 3)

    @property
    def host(self) -> str:
        """The variables that say the host as it was asked for, with its port if that was there (1.29.3)."""
        return "$host$is_request_port$request_port" if self.version >= (1, 29, 3) else "$host$uncork_port"

    @property
    def names_port(self) -> bool:
        """Whether it says by itself which port was asked for (1.29.3)."""
        return self.version >= (1, 29, 3)

    @property
    def waits(self) -> bool:
        """Whether a reload leaves kept-alive connections time for one more request (1.27.4)."""
        return self.version >= (1, 27, 4)

    @property
    def keeps_certificates(self) -> bool:
        """Whether it can keep a certificate for a while that is read when it is asked for (1.27.4)."""
        return self.version >= (1, 27, 4)

    @property
    def counts(self) -> bool:
        """Whether it can limit how many header fields a request has (1.29.8)."""
        return self.version >= (1, 29, 8)

    @property
    def keeps(self) -> bool:
        """Whether it keeps connections to a server where nobody says not to (1.29.7)."""
        return self.version >= (1, 29, 7)

    @property
    def rejects(self) -> bool:
        """Whether a server can say that it has no certificate (1.19.4)."""
        return self.version >= (1, 19, 4)

    @property
    def http2(self) -> bool:
        """Whether HTTP/2 is a matter of each server, not of a port with all that answer there (1.25.1)."""
        return self.version >= (1, 25, 1)


NEWEST: Final = Dialect((1, 31, 3))
"""That of uncork's own nginx."""
