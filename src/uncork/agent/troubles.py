"""What the agent can't do, by app and part: said when it begins and when it is over, and kept for `uncork status`."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from uncork.machine import moments
from uncork.notices import Trouble


@dataclass(frozen=True)
class _Known:
    """A problem as it was logged, and the trouble that is told."""

    problem: str
    told: Trouble


class Troubles:
    """The troubles of now. One part's failure is no other's: `watched` keeps it to itself."""

    def __init__(self, log: logging.Logger, clock: Callable[[], float]) -> None:
        self._log = log
        self._clock = clock
        self._known: dict[tuple[str, str], _Known] = {}
        self._traced: set[str] = set()

    @contextmanager
    def watched(self, app: str, part: str) -> Iterator[None]:
        """Make any error inside a trouble of that part's, told with its traceback once a kind."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 -- whatever it is, the other parts and apps go on
            self.note(app, part, f"{part}: {_said(error)}")
            self._trace(part, error)
        else:
            self.note(app, part, "")

    def note(self, app: str, part: str, problem: str, more: str = "", *, since: float | None = None) -> None:
        """Note what is wrong with a part, and more of it; "" is that nothing is any more. `since` is in epoch seconds.

        It is logged when the problem is another one, not when only `more` is, a number say.
        """
        known = self._known.get((app, part))
        problem = " ".join(problem.split())  # what a mail server says may have several lines
        if not problem:
            if self._known.pop((app, part), None):
                self._log.info("%s: %s is well again", app, part)
            return
        begun = moments.at(self._clock() if since is None else since)
        self._known[app, part] = _Known(
            problem, Trouble(app, problem + more, min(begun, known.told.since) if known else begun)
        )
        if known is None or known.problem != problem:
            self._log.error("%s: %s%s", app, problem, more)

    def _trace(self, part: str, error: Exception) -> None:
        """An error of the system's, a disk that is full say, needs no traceback."""
        kind = f"{part} {type(error).__name__}"
        if kind not in self._traced and not isinstance(error, OSError):
            self._traced.add(kind)
            self._log.error("that was", exc_info=error)

    def forget(self, app: str) -> None:
        """Forget an app that is no more."""
        for key in [key for key in self._known if key[0] == app]:
            del self._known[key]

    @property
    def all(self) -> tuple[Trouble, ...]:
        """Every trouble of now."""
        return tuple(known.told for known in self._known.values())


def _said(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror} ({error.filename})" if error.filename else error.strerror
    return str(error) or type(error).__name__
