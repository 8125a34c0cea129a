"""A thread beside the loop that does one thing at a time, for as long as that takes."""

from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Lane(Generic[Result]):
    """What was begun has to be collected before the next thing is. It ends with the process, whatever it is doing."""

    def __init__(self) -> None:
        self._thread: Thread | None = None
        self._results: list[Result] = []
        self._error: Exception | None = None

    @property
    def is_free(self) -> bool:
        """Whether something may be begun."""
        return self._thread is None

    @property
    def has_ended(self) -> bool:
        """Whether what was begun has ended, and waits to be collected."""
        return self._thread is not None and not self._thread.is_alive()

    def begin(self, job: Callable[[], Result]) -> None:
        """Do it, beside the loop."""
        self._thread = Thread(target=self._do, args=(job,), daemon=True)
        self._thread.start()

    def collect(self) -> Result:
        """Return what came of it, or raise what went wrong there."""
        self._thread = None
        error, self._error = self._error, None
        if error:
            raise error
        return self._results.pop()

    def wait(self, seconds: float) -> None:
        """Let it end, for so many seconds at most."""
        if self._thread:
            self._thread.join(seconds)

    def _do(self, job: Callable[[], Result]) -> None:
        try:
            self._results = [job()]
        except Exception as error:  # noqa: BLE001 -- it is raised again where it can be told
            self._error = error
