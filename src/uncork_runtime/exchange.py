"""One request and its response: known to whatever is logged meanwhile, and said to the front for its access log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Callable, Final, Optional

from uncork_runtime.request import Context
from uncork_runtime.uncaught import tell

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ROUTE: Final = "X-Uncork-Route"
EVENTS: Final = "text/event-stream"
AT_ONCE: Final = ("X-Accel-Buffering", "no")
"""It has nginx pass on each event when it comes; nginx takes it off."""
WHOLE: Final = (list, tuple, bytes)
ANSWERED: Final = (Exception, SystemExit)
"""What a release answers for: an app that calls sys.exit() should end no worker that others are served by."""


class Routes(dict[str, "tuple[tuple[str, str], ...]"]):
    """The header that tells the front of a release and a route, `12 /buy/<id>`; release 0 tells nobody of any."""

    def __init__(self, release: int) -> None:
        """Know the release; each route's header is made once."""
        super().__init__()
        self._release = release

    def __missing__(self, route: str) -> tuple[tuple[str, str], ...]:
        """Make it, as PEP 3333 spells what is not ASCII."""
        said = "".join(c if c.isprintable() else "?" for c in f"{self._release} {route}".rstrip())
        made = ((ROUTE, said.encode().decode("latin-1")),) if self._release else ()
        self[route] = made
        return made


class Exchange(Context):
    """What is known of a request, and in its time the response to it: one object, since each request pays for it."""

    __slots__ = ("_routes", "_start", "begun", "result")

    def __init__(self, environ: WSGIEnvironment, start: StartResponse, routes: Routes) -> None:
        """Begin; the response's head goes through `start`."""
        self._environ: Optional[WSGIEnvironment] = environ
        self._id = ""
        self._user: Optional[str] = None
        self.begun = False
        self._start = start
        self._routes = routes
        self.result: Iterable[bytes] = ()

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: Optional[OptExcInfo] = None
    ) -> Callable[[bytes], object]:
        """Begin the response, with what the front is to know, and the id where no front gave one."""
        self.begun = True
        environ = self._environ or {}
        rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
        told = [*headers, *self._routes["" if rule is None else rule.rule]]
        for _, value in headers:
            if value.startswith(EVENTS):
                told.append(AT_ONCE)
        if "HTTP_X_REQUEST_ID" not in environ:
            told.append(("X-Request-ID", self.id))
        return self._start(status, told) if exc_info is None else self._excuse(status, told, exc_info)

    def _excuse(self, status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo) -> Callable[[bytes], object]:
        """Answer for an exception that the app caught: Bottle tells of it by this alone."""
        if exc_info[1] is not None:
            tell("the app", exc_info[1])
        # uWSGI takes one as if it were not handled, and answers nothing at all.
        under_uwsgi = "uwsgi.version" in (self._environ or {})
        return self._start(status, headers) if under_uwsgi else self._start(status, headers, exc_info)

    def fail(self) -> list[bytes]:
        """Answer in the place of an app that raised before it had begun to."""
        body = b"Internal Server Error\n"
        self.start("500 Internal Server Error", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [body]

    def __iter__(self) -> Iterator[bytes]:
        """The parts of the response."""
        try:
            # `yield from` would close what is closed below.
            for part in self.result:
                yield part
        except Exception as error:
            tell("the app", error)
            raise

    def close(self) -> None:
        """Close the response: the request is over."""
        try:
            close = getattr(self.result, "close", None)
            if close is not None:
                close()
        except Exception as error:
            tell("the app", error)
            raise
        finally:
            self.end()


def known(app: WSGIApplication, release: int = 0, *, told: bool = True) -> WSGIApplication:
    """The app, with each request known to the log while it is answered, and what the app does not catch logged.

    As a release it is answered for by a 500, if no answer has begun: uWSGI would only hang up, and the front ask once
    more. Else it is raised again, for servers and debuggers to see. `told` says whether a front is told of the release.
    """
    routes = Routes(release if told else 0)

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        exchange = Exchange(environ, start_response, routes)
        exchange.begin()
        try:
            result = app(environ, exchange.start)
        except BaseException as error:
            if isinstance(error, StopIteration) and "HTTP_UPGRADE" in environ:
                exchange.end()  # a WebSocket is over, which was answered past the server: so Flask-Sock tells Gunicorn
                raise
            tell("the app", error)
            if not release or exchange.begun or not isinstance(error, ANSWERED):
                exchange.end()
                raise
            result = exchange.fail()
        # None of the app's code is to run any more; and a file must reach the server as it is, for sendfile(2).
        if isinstance(result, WHOLE) or hasattr(result, "read"):
            exchange.end()
            return result
        exchange.result = result
        return exchange

    return application
