"""The request at hand: what log records, the spool of errors and the access log say of it."""

from __future__ import annotations

import os
import re
import sys
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, Optional

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# What nginx lets through as an id (fronts/nginx.conf.j2).
SOUND: Final = re.compile(r"[A-Za-z0-9._-]{8,128}")


class Context:
    """What is known of a request; read from its WSGI environ only when somebody asks."""

    __slots__ = ("_environ", "_id", "_user")

    def __init__(self, environ: WSGIEnvironment) -> None:
        """Keep the environ, which the app and its middleware may still change."""
        self._environ: Optional[WSGIEnvironment] = environ
        self._id = ""
        self._user: Optional[str] = None

    @property
    def environ(self) -> WSGIEnvironment:
        """The request as the server told of it; empty once it has ended."""
        return {} if self._environ is None else self._environ

    @property
    def id(self) -> str:
        """The id that the front gave it, or one that is made now."""
        if not self._id:
            given = self.environ.get("HTTP_X_REQUEST_ID", "")
            self._id = given if SOUND.fullmatch(given) else os.urandom(16).hex()
        return self._id

    @property
    def method(self) -> str:
        """`GET`, `POST`, ..."""
        return str(self.environ.get("REQUEST_METHOD", ""))

    @property
    def path(self) -> str:
        """The whole path, its mount too, without the query."""
        environ = self.environ
        path = f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"
        return path.encode("latin-1", "replace").decode("utf-8", "replace")

    @property
    def route(self) -> str:
        """The pattern that matched, as in `/buy/<id>`, where the app is a Flask one."""
        rule = getattr(self.environ.get("werkzeug.request"), "url_rule", None)
        return "" if rule is None else str(rule.rule)

    @property
    def client(self) -> str:
        """The visitor's address."""
        return str(self.environ.get("REMOTE_ADDR", ""))

    @property
    def user(self) -> str:
        """Who `set_user` said it is, or the server's own login, or Flask-Login's user if that is loaded already."""
        if self._user is not None:
            return self._user
        return str(self.environ.get("REMOTE_USER") or "") or _logged_in()

    def known(self) -> tuple[str, str, str, str, str, str]:
        """The id, method, path, route, client and user at once: each record of the app's asks for all of them."""
        get = (self._environ or {}).get
        path = f"{get('SCRIPT_NAME', '')}{get('PATH_INFO', '')}"
        rule = getattr(get("werkzeug.request"), "url_rule", None)
        user = self._user
        if user is None:
            user = get("REMOTE_USER") or (self.user if "flask_login" in sys.modules else "")
        return (
            self._id or self.id,
            get("REQUEST_METHOD", ""),
            path if path.isascii() else self.path,
            "" if rule is None else rule.rule,
            get("REMOTE_ADDR", ""),
            user,
        )

    def set_user(self, user: object) -> None:
        """Say who asks; None is nobody."""
        self._user = "" if user is None else str(user)

    def begin(self) -> None:
        """Make it the request that this thread or task answers."""
        _current.set(self)

    def end(self) -> None:
        """It is answered: nothing is logged with it any more, and its environ may be the next one's."""
        self._environ = None
        _current.set(None)

    @property
    def ended(self) -> bool:
        """Whether it has been answered."""
        return self._environ is None


_current: Final[ContextVar[Optional[Context]]] = ContextVar("uncork_request", default=None)


def current() -> Optional[Context]:
    """The request that this thread or task answers; None outside of any."""
    request = _current.get()
    return None if request is None or request._environ is None else request  # noqa: SLF001 - a property costs a call


def set_user(user: object) -> None:
    """Say who makes the request at hand: an id or a name, which is in its log records; outside a request nothing."""
    request = current()
    if request is not None:
        request.set_user(user)


def _logged_in() -> str:
    """The id that Flask-Login has in the session, which it has read by then; a user object might ask a database."""
    if "flask_login" not in sys.modules:
        return ""
    flask = sys.modules.get("flask")
    if flask is None or not flask.has_request_context() or "_login_user" not in flask.g:
        return ""
    return str(flask.session.get("_user_id") or "")
