"""The agent's loop: once a second each app is looked after; what fails is told, and the rest goes on."""

import logging
import signal
import time
from threading import Event
from typing import Final

from uncork.agent.apps import Apps, Live
from uncork.agent.logs import Logs
from uncork.agent.memory import Memory
from uncork.agent.post import Post
from uncork.agent.troubles import Troubles
from uncork.alerts.collection import collect
from uncork.alerts.obstacle import Obstacle
from uncork.layout import Layout
from uncork.machine import rotation
from uncork.machine.files import size
from uncork.workflows.report import Reports

ENDING: Final = (signal.SIGTERM, signal.SIGINT)
ROUND: Final = 1.0
UNASKED: Final = 10.0
"""Seconds after which errors are looked at though there are no new ones: a digest may be due."""
GRACE: Final = 2.0
"""Seconds that the mail in hand gets to be sent when the agent ends."""


class Agent:
    """What one agent does for one state directory; only one may at a time."""

    def __init__(self, layout: Layout, log: logging.Logger) -> None:
        self._stopping = Event()
        self._memory = Memory(layout.agent_state, time.time)
        self._troubles = Troubles(log, time.time)
        self._apps = Apps(layout)
        self._logs = Logs(layout, self._memory, self._troubles, self._stopping)
        self._reports = Reports(layout)
        self._posts: dict[str, Post] = {}
        self._collected: dict[str, float] = {}

    def run(self) -> None:
        """Go round until asked to end. The signals that ask are to be blocked: they are waited for between rounds."""
        while True:
            begun = time.monotonic()
            self.round()
            left = ROUND - (time.monotonic() - begun)
            if signal.sigtimedwait(ENDING, max(0.0, left)):
                break
        self.end()

    def end(self) -> None:
        """Break off what may be, and wait for what should not."""
        self._stopping.set()
        deadline = time.monotonic() + GRACE
        self._logs.wait(GRACE)
        for post in self._posts.values():
            post.wait(max(0.0, deadline - time.monotonic()))

    def round(self) -> None:
        """Look after every app once."""
        now = time.time()
        names = self._apps.names()
        for name in names:
            with self._troubles.watched(name, "release"):
                live = self._apps.live(name)
                if live:
                    self._look_after(live, now)
        with self._troubles.watched("", "logs"):
            self._logs.collect(now)
        for name in self._posts.keys() - set(names):
            self._forget(name)
        self._memory.keep(self._troubles.all)

    def _look_after(self, live: Live, now: float) -> None:
        app = live.layout.app
        if app not in self._posts:
            self._posts[app] = Post()
            rotation.tidy(live.layout.logs)
        with self._troubles.watched(app, "logs"):
            self._logs.rotate(live, now)
            self._logs.finish(live, now)
        with self._troubles.watched(app, "errors"):
            self._collect(live, now)
        with self._troubles.watched(app, "report"):
            self._troubles.note(app, "traffic", self._reports.tick(live.release, now))
        with self._troubles.watched(app, "delivery"):
            self._deliver(live, now)

    def _collect(self, live: Live, now: float) -> None:
        app = live.layout.app
        spooled = size(live.layout.spool) or size(live.layout.dropped)
        if spooled or not 0 <= now - self._collected.get(app, 0.0) < UNASKED:
            self._collected[app] = now
            self._tell(app, "collection", collect(live.layout, live.release, now))

    def _deliver(self, live: Live, now: float) -> None:
        post = self._posts[live.layout.app]
        if post.has_news:
            self._tell(live.layout.app, "mail", post.collect())
        post.deliver(live, now)

    def _tell(self, app: str, part: str, obstacle: Obstacle | None) -> None:
        if obstacle is None:
            self._troubles.note(app, part, "")
            return
        waiting = f"; messages that wait: {obstacle.waiting}" if obstacle.waiting else ""
        self._troubles.note(app, part, f"{obstacle.problem}: {obstacle.fix}", waiting, since=obstacle.since)

    def _forget(self, app: str) -> None:
        """An app that was destroyed; what is sent for it at the moment ends by itself."""
        del self._posts[app]
        self._collected.pop(app, None)
        self._logs.forget(app)
        self._troubles.forget(app)
        with self._troubles.watched("", "report"):
            self._reports.close(app)
