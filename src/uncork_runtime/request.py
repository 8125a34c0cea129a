"""The request that is being answered: its id and what is known of it, for every record that is logged meanwhile."""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Optional


class Context:
    """What is known of one request; what isn't yet is "". `rendered` is a formatter's own: what it made of the rest."""

    __slots__ = ("client", "id", "method", "path", "rendered", "route", "user")

    def __init__(self, id: str, method: str, path: str, client: str) -> None:  # noqa: A002 - it is the request's id
        self.id = id
        self.method = method
        self.path = path
        self.client = client
        self.route = ""
        self.user = ""
        self.rendered: Optional[tuple[object, ...]] = None


_current: ContextVar[Optional[Context]] = ContextVar("uncork_request", default=None)


def current() -> Optional[Context]:
    """The request that this thread or task answers; None outside of any."""
    return _current.get()


def enter(context: Context) -> Token[Optional[Context]]:
    """Make this the request that is answered from now on; the token is for `leave`."""
    return _current.set(context)


def leave(token: Token[Optional[Context]]) -> None:
    """Make it the one again that it was before `enter`."""
    _current.reset(token)
