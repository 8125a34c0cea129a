"""The apps' logs: rotated when large or old, compressed or removed once nobody writes to them any more."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from threading import Event
from typing import Final

from uncork.agent.apps import Live
from uncork.agent.lane import Lane
from uncork.agent.memory import Memory
from uncork.agent.troubles import Troubles
from uncork.app_layout import AppLayout
from uncork.layout import Layout
from uncork.machine import cgroups, rotation, writers
from uncork.notices import Logging
from uncork.records import Birth
from uncork_runtime.appender import AGAIN

SOON: Final = 1.0
LATE: Final = 60.0


@dataclass
class _Pending:
    """When rotated logs are looked at next, after which pause, and those that nobody wrote to at the last look."""

    at: float = 0.0
    pause: float = SOON
    left: frozenset[Path] = frozenset()

    def wait(self, now: float, left: frozenset[Path], held: frozenset[Path]) -> None:
        """Look again soon while there is anything to compress, later and later while anything is held; else late."""
        self.left = left
        self.pause = SOON if left else min(LATE, 2 * self.pause) if held else LATE
        self.at = now + self.pause


class Logs:
    """Rotates, and finishes later what was rotated: what has to be done is on disk, so a kill costs nothing."""

    def __init__(self, layout: Layout, memory: Memory, troubles: Troubles, stopping: Event) -> None:
        self._layout = layout
        self._memory = memory
        self._troubles = troubles
        self._stopping = stopping
        self._lane: Lane[tuple[str, OSError | None]] = Lane()
        self._pending: dict[str, _Pending] = {}
        self._retry: dict[str, float] = {}

    def rotate(self, live: Live, now: float) -> None:
        """Rotate those of an app's logs that are due; what can't be now, on a full disk, is later."""
        app = live.layout.app
        if 0 < self._retry.get(app, 0.0) - now <= LATE:  # a clock that was put back is no reason to wait
            return
        try:
            for log in _logs(live.layout):
                if self._is_due(app, log, live.release.logging, now):
                    self._take(live, log, now)
        except OSError as error:
            self._retry[app] = now + LATE
            self._troubles.note(app, "rotation", f"logs can't be rotated: {error.strerror}")
            return
        self._troubles.note(app, "rotation", "")

    def _is_due(self, app: str, log: Path, logging: Logging, now: float) -> bool:
        try:
            found = log.lstat()
        except FileNotFoundError:
            return False
        key = _key(app, log)
        born = self._memory.births.get(key)
        if not found.st_size:
            self._memory.births.pop(key, None)
            return False
        if not born or born.inode != found.st_ino:
            born = self._memory.births[key] = Birth(found.st_ino, min(now, found.st_mtime))
        return found.st_size >= logging.rotate_size or now - born.since >= logging.rotate_age

    def _take(self, live: Live, log: Path, now: float) -> None:
        if rotation.take(log, datetime.fromtimestamp(now, timezone.utc)):
            self._memory.births.pop(_key(live.layout.app, log), None)
            pending = self._pending.setdefault(live.layout.app, _Pending())
            pending.at, pending.pause = now, SOON
            self._reopen(live, (log,))

    def _reopen(self, live: Live, logs: Iterable[Path]) -> None:
        """Have those who write to what was these logs open them again; workers do it by themselves.

        Who can't make a file, on a full disk, would end; so there is one, whatever became of an earlier agent.
        """
        layout, service = live.layout, live.release.service
        for log in logs:
            rotation.put_empty(log)
            if log == layout.access_log:
                writers.reopen_front(self._layout.front_pid, self._layout.front)
            elif log == layout.server_log and service.reopen_signal:
                among = cgroups.pids(live.instance) if layout.machine else None
                writers.reopen_server(layout.server_pid(live.instance), service.reopen_signal, among)

    def finish(self, live: Live, now: float) -> None:
        """Compress what nobody writes to any more, and remove what is too old. Raises OSError."""
        app, logging = live.layout.app, live.release.logging
        pending = self._pending.setdefault(app, _Pending())
        if 0 < pending.at - now <= LATE:
            return
        waiting = {log: rotation.rotated(log) for log in _logs(live.layout)}
        held = _held(live.layout, waiting)
        self._reopen(live, [log for log, paths in waiting.items() if held.intersection(paths)])
        for log in waiting:
            rotation.prune(log, logging.keep, held)
        ready = _plain(waiting.values()) - held if logging.compress else frozenset[Path]()
        # Who was just about to write when he was last looked for has done so by now.
        settled = sorted(ready & pending.left)
        if settled and self._lane.is_free:
            self._lane.begin(lambda: (app, self._compress(settled)))
        pending.wait(now, ready, held)

    def _compress(self, paths: list[Path]) -> OSError | None:
        """Done in the lane; what was pruned meanwhile is no matter.

        For that long after they were renamed, plain records of the app's may have gone there still.
        """
        self._stopping.wait(AGAIN)
        try:
            for path in paths:
                with suppress(FileNotFoundError):
                    if rotation.is_left(path):
                        rotation.compress(path, self._stopping.is_set)
        except OSError as error:
            return error
        return None

    def collect(self, now: float) -> None:
        """Take note of what was compressed."""
        if not self._lane.has_ended:
            return
        app, error = self._lane.collect()
        self._troubles.note(app, "compression", f"logs can't be compressed: {error.strerror}" if error else "")
        if error:
            self._pending[app] = _Pending(now + LATE)

    def forget(self, app: str) -> None:
        """Forget an app that is no more."""
        self._pending.pop(app, None)
        self._retry.pop(app, None)
        for key in [key for key in self._memory.births if key.startswith(f"{app}/")]:
            del self._memory.births[key]

    def wait(self, seconds: float) -> None:
        """Let what is being compressed be broken off."""
        self._lane.wait(seconds)


def _logs(layout: AppLayout) -> tuple[Path, Path, Path]:
    return layout.app_log, layout.server_log, layout.access_log


def _key(app: str, log: Path) -> str:
    return f"{app}/{log.name}"


def _plain(rotated: Iterable[tuple[Path, ...]]) -> frozenset[Path]:
    return frozenset(path for paths in rotated for path in paths if not rotation.is_packed(path))


def _held(layout: AppLayout, waiting: dict[Path, tuple[Path, ...]]) -> frozenset[Path]:
    """Return what is written to still. Who writes app.log may keep a rotated one open, and never writes there again."""
    others = (paths for log, paths in waiting.items() if log != layout.app_log)
    busy = {path for path in _plain([waiting[layout.app_log]]) if not rotation.is_left(path)}
    return writers.written(_plain(others)) | busy
