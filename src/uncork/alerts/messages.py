"""What is sent: about an error that is new or back, a digest of many, a certificate that is not had, and a test."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Final

from uncork.alerts.groups import Group
from uncork.alerts.occurrence import Occurrence, Raised
from uncork.alerts.story import Story, at
from uncork.notices import Message
from uncork.rendering import render

PACKAGE: Final = "uncork.alerts"
LISTED: Final = 1000
"""As many groups a digest names; of more it says how many."""
IN_FULL: Final = 10
"""Of so many groups that had no mail of their own the digest has the traceback too."""


@dataclass(frozen=True)
class Section:
    """A part of a digest."""

    head: str
    stories: tuple[Story, ...]


def alone(story: Story, lost: int) -> Message:
    """Return the message about one group that is new, or back; `lost` errors could not be kept."""
    begin = f"Back in release {story.group.last_release}: " if story.group.back else ""
    place = f" ({story.place})" if story.place else ""
    return Message(
        subject=f"{begin}{story.title}{place}",
        text=page(story, lost=lost),
        html=render(PACKAGE, "error.html.j2", escape, story=story, lost=_lost(lost)),
        kind="regression" if story.group.back else "error",
    )


def page(story: Story, *, lost: int = 0) -> str:
    """Return all that is known of a group, as text."""
    return render(PACKAGE, "error.txt.j2", story=story, lost=_lost(lost))


def digest(stories: Sequence[Story], lost: int) -> Message:
    """Return the message about all groups of which nobody was told everything."""
    total = sum(story.group.untold for story in stories)
    since = min(story.group.since or story.group.first_seen for story in stories)
    named = sorted(stories, key=lambda story: -story.group.untold)
    values = {
        "head": f"{_errors(total)} in {_groups(len(stories))} since {at(since)}",
        "sections": _sections(_briefly(named[:LISTED])),
        "more": _more(named[LISTED:]),
        "lost": _lost(lost),
        "app": stories[0].app,
    }
    return Message(
        subject=f"{_errors(total)} in {_groups(len(stories))}",
        text=render(PACKAGE, "digest.txt.j2", **values),
        html=render(PACKAGE, "digest.html.j2", escape, **values),
        kind="digest",
    )


def test(app: str, home: str) -> Message:
    """Return a message that says that messages arrive."""
    text = render(PACKAGE, "test.txt.j2", app=app, home=home)
    return Message(f"A test: errors of {app} reach you", text, kind="test")


def uncertified(app: str, problem: str, fix: str, ends: str | None) -> Message:
    """Return the message about a certificate that a CA does not give; `ends` is until when there is an older one."""
    text = render(PACKAGE, "certificate.txt.j2", app=app, problem=problem, fix=fix, ends=ends)
    head = f"the certificate of {app} can't be renewed" if ends else f"{app} has no certificate"
    return Message(head, text, kind="certificate")


def preload() -> None:
    """Make a message of each kind, for a process that is about to lose access to templates and to what they need."""
    story = Story("", Group("", "", message="é\né", untold=1), Occurrence("error", "", 0.0, chain=(Raised("é"),)))
    alone(story, lost=1)
    digest([story], lost=1)
    test("", "")


def _sections(stories: Sequence[Story]) -> tuple[Section, ...]:
    parts = (
        ("Back after they were resolved", [s for s in stories if s.group.back]),
        ("New", [s for s in stories if s.group.told is None and not s.group.back]),
        ("Again", [s for s in stories if s.group.told is not None and not s.group.back]),
    )
    return tuple(Section(head, tuple(found)) for head, found in parts if found)


def _briefly(stories: Sequence[Story]) -> list[Story]:
    """Take the tracebacks off, but for the first groups that nobody has seen one of."""
    news = [s.group.fp for s in stories if s.group.told is None or s.group.back][:IN_FULL]
    return [story if story.group.fp in news else replace(story, sample=None) for story in stories]


def _more(rest: Sequence[Story]) -> str:
    if not rest:
        return ""
    return f"And {_errors(sum(story.group.untold for story in rest))} in {_groups(len(rest))} more."


def _lost(count: int) -> str:
    """Return what is said of errors that nothing is known of."""
    return f"{_errors(count)} more could not be written down." if count else ""


def _errors(count: int) -> str:
    return "1 error" if count == 1 else f"{count} errors"


def _groups(count: int) -> str:
    return "1 group" if count == 1 else f"{count} groups"
