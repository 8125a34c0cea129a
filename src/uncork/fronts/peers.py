"""Proxies that speak for visitors: whom nginx believes, and what it goes by for the visitor's scheme and port."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Peers:
    """The variables of nginx for how visitors came; `believed`: proxies may say so in their place for some names.

    `mark` tells them from those of another state directory.
    """

    believed: bool = False
    mark: str = ""

    @property
    def scheme(self) -> str:
        """The scheme that the visitor came by."""
        return f"$uncork_scheme{self.mark}" if self.believed else "$scheme"

    @property
    def https(self) -> str:
        """`on` where that is HTTPS, else empty."""
        return f"$uncork_https{self.mark}" if self.believed else "$https"

    @property
    def port(self) -> str:
        """The port that the visitor came to."""
        return f"$uncork_server_port{self.mark}" if self.believed else "$server_port"

    @property
    def leads(self) -> str:
        """Not empty for who came by HTTP to a name that answers HTTPS."""
        return f"$uncork_leads{self.mark}"
