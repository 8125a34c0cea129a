"""The status report: what each app's day was like, kept up by the agent, posted once a day, shown when asked for."""

import platform
import sqlite3
from datetime import date, datetime, timedelta
from typing import Final

from uncork import facts as machine_facts
from uncork.alerts import delivery, store
from uncork.alerts.groups import MUTED, OPEN, RESOLVED, Groups
from uncork.app_layout import AppLayout
from uncork.config.values import shown
from uncork.errors import UsageError, UserError
from uncork.layout import Layout
from uncork.machine import processes
from uncork.machine.identity import acting_as
from uncork.model import Release
from uncork.recipes.address import url
from uncork.recipes.front import sites
from uncork.reporting import message as messages
from uncork.reporting.due import due
from uncork.reporting.looks import first, more
from uncork.reporting.report import NewError, Report, Subject, compose
from uncork.reporting.traffic import Traffic
from uncork.serving import Address
from uncork.workflows import https
from uncork.workflows.looking import look
from uncork.workflows.work import existing

EVERY: Final = 60.0
"""Seconds between two looks at an app."""


class Reports:
    """What the agent does for the status report of every app; it keeps databases open, so one is enough."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._traffic: dict[str, Traffic] = {}
        self._looked: dict[str, float] = {}
        self._tried: dict[str, date] = {}

    def tick(self, release: Release, now: float) -> str:
        """Count what the app of a live release served, look at it each minute, and post its report when it is due.

        To be called each second, by whoever rotates the logs; `now` is in epoch seconds. It costs a stat(2) while
        nothing happens, and half a second at most where much is to be caught up with. It never raises for a full disk
        or a broken file: it returns what is wrong, "" if nothing is, and the next call goes on.
        """
        moment = datetime.fromtimestamp(now).astimezone()
        traffic = self._of(release.app)
        try:
            caught_up = traffic.count(moment.date())
            self._look(traffic, release, moment)
            if caught_up:
                self._post(traffic, release, moment)
        except (OSError, sqlite3.Error, UserError) as error:
            traffic.close()
            return f"can't keep up the status report of {release.app}: {error}"
        return ""

    def close(self, app: str) -> None:
        """Let go what is kept of an app that is no more."""
        if app in self._traffic:
            self._traffic.pop(app).close()
        self._looked.pop(app, None)
        self._tried.pop(app, None)

    def _of(self, app: str) -> Traffic:
        return self._traffic.setdefault(app, Traffic(self._layout.app(app)))

    def _look(self, traffic: Traffic, release: Release, now: datetime) -> None:
        """A clock that was put back is no reason to wait."""
        if 0 <= now.timestamp() - self._looked.get(release.app, 0.0) < EVERY:
            return
        self._looked[release.app] = now.timestamp()
        _keep_look(traffic, self._layout.app(release.app), release, now.date())

    def _post(self, traffic: Traffic, release: Release, now: datetime) -> None:
        """A report that nobody gets is not tried again on that day."""
        day = due(release.mail.report, now)
        if not day or self._tried.get(release.app) == day:
            return
        if traffic.days().reported() < day.isoformat():
            subject = _subject(self._layout, release.app)
            found = _composed(traffic, self._layout.app(release.app), subject, day, now.date())
            if found.figures.known and _posted(self._layout, release, found, now.timestamp()):
                traffic.days().report(day.isoformat())
        self._tried[release.app] = day


def preload() -> None:
    """Import and read all that `Reports` will need, for a process that is about to lose access to it."""
    messages.preload()


def day(text: str, today: date) -> date:
    """Return the day that a text names: `today`, `yesterday` or a date. Raises UsageError for any other."""
    words = {"today": today, "yesterday": today - timedelta(days=1)}
    try:
        found = words.get(text) or date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--day {shown(text)} is no day", "write today, yesterday, or for example 2026-01-31"
        ) from None
    if found > today:
        raise UsageError(f"--day {text} is still to come", "name a day that has begun")
    return found


def report(layout: Layout, app: str, day: date | None, now: datetime) -> Report:
    """Return the report of an app's day, with all that its log tells by now.

    None stands for yesterday, or for today while nothing is known of yesterday. Raises UserError where the days can't
    be read.
    """
    subject = _subject(layout, app)
    with acting_as(processes.account()):
        traffic = Traffic(layout.app(app))
        try:
            return _told(traffic, layout.app(app), subject, day, now.date())
        except (OSError, sqlite3.Error) as error:
            raise UserError(
                f"can't read what is kept of {app}'s days: {error}",
                "run this as who ran `uncork up`, or as root, and see that the disk is not full",
            ) from error
        finally:
            traffic.close()


def send(layout: Layout, found: Report, now: datetime) -> None:
    """Put a report into the outbox, whether it was sent before or not. Raises UserError where nobody would get it."""
    app = found.subject.app
    release, message = existing(machine_facts.read(layout), app), messages.message(found)
    name = f"report-{found.day}-{now:%Y%m%d%H%M%S}"
    delivery.preload()
    try:
        with acting_as(processes.account()):
            posted = delivery.post(layout.app(app), release, message, name, now.timestamp())
    except (OSError, sqlite3.Error) as error:
        raise UserError(f"can't put the report into the outbox: {error}", "make room on the disk") from error
    if not posted:
        raise UsageError(
            f"nobody gets the reports of {app}",
            "name a server and admins in [mail], or MAIL_SERVER and ADMINS in its config",
        )


def _posted(layout: Layout, release: Release, found: Report, now: float) -> bool:
    """Its name keeps it from being sent twice, should this end here."""
    name = f"report-{found.day}"
    return delivery.post(layout.app(release.app), release, messages.message(found), name, now)


def _told(traffic: Traffic, layout: AppLayout, subject: Subject, day: date | None, today: date) -> Report:
    while not traffic.count(today):
        pass
    found = _composed(traffic, layout, subject, day or today - timedelta(days=1), today)
    return found if day or found.figures.known else _composed(traffic, layout, subject, today, today)


def _composed(traffic: Traffic, layout: AppLayout, subject: Subject, day: date, today: date) -> Report:
    return compose(traffic.days(), subject, day, today, _new_errors(layout, day))


def _subject(layout: Layout, app: str) -> Subject:
    facts = machine_facts.read(layout)
    release = facts.app(app).live_release
    address = url(release.site, sites(facts), facts.address or Address(), elsewhere=facts.set_up) if release else ""
    return Subject(app, platform.node(), address, https.told(layout, facts, facts.app(app)))


def _keep_look(traffic: Traffic, layout: AppLayout, release: Release, today: date) -> None:
    """One that was stopped is meant not to answer."""
    if layout.stopped.exists():
        return
    days, named, seen = traffic.days(), today.isoformat(), look(layout, release)
    day, before = days.looks(named), days.latest(named)
    days.keep(named, more(day, seen) if day else first(seen, before.last if before else None))


def _new_errors(layout: AppLayout, day: date) -> tuple[NewError, ...]:
    """Those that nobody had seen before that day, most frequent first."""
    if not layout.errors.exists():
        return ()
    with store.opened(layout.errors) as database:
        groups = Groups(database).all((OPEN, RESOLVED, MUTED))
    found = (group for group in groups if datetime.fromtimestamp(group.first_seen).astimezone().date() == day)
    new = tuple(NewError(group.id, group.title, group.place, group.count) for group in found)
    return tuple(sorted(new, key=lambda error: (-error.count, error.id)))
