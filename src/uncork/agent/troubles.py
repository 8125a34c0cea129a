"""What the agent can't do, by app and part: said when it begins and when it is over, and kept for `uncork status`."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone

from uncork.model import Trouble


class Troubles:
    """The troubles of now. One part's failure is no other's: `watched` keeps it to itself."""

    def __init__(self, log: logging.Logger, clock: Callable[[], float]) -> None:
        self._log = log
        self._clock = clock
        self._known: dict[tuple[str, str], Trouble] = {}
        self._traced: set[str] = set()

    @contextmanager
    def watched(self, app: str, part: str) -> Iterator[None]:
        """Make any error inside a trouble of that part's, told with its traceback once a kind."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 -- whatever it is, the other parts and apps go on
            kind = f"{part} {type(error).__name__}"
            trace = None if kind in self._traced or isinstance(error, OSError) else error
            self._traced.add(kind)
            self.note(app, part, f"{part}: {_said(error)}", trace=trace)
        else:
            self.note(app, part, "")

    def note(
        self, app: str, part: str, what: str, *, since: float | None = None, trace: Exception | None = None
    ) -> None:
        """Note what is wrong with a part; "" is that nothing is any more. `since` is in epoch seconds."""
        known = self._known.get((app, part))
        if not what:
            if self._known.pop((app, part), None):
                self._log.info("%s: %s is well again", app, part)
            return
        begun = known.since if known and since is None else _time(self._clock() if since is None else since)
        self._known[app, part] = Trouble(app, what, begun)
        if known is None or known.what != what or trace:
            self._log.error("%s: %s", app, what, exc_info=trace)

    def forget(self, app: str) -> None:
        """Forget an app that is no more."""
        for key in [key for key in self._known if key[0] == app]:
            del self._known[key]

    @property
    def all(self) -> tuple[Trouble, ...]:
        """Every trouble of now."""
        return tuple(self._known.values())


def _said(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror} ({error.filename})" if error.filename else error.strerror
    return str(error) or type(error).__name__


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
