"""Which errors are told now, alone or in a digest, so that nobody's mailbox is buried and nothing is left out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from uncork.notices import Mail


@dataclass(frozen=True)
class Waiting:
    """A group with occurrences that nobody was told of; `since` is the first of them, times are epoch seconds.

    `told` is when a mail last spoke of the group, `mails` how many did. `back` marks a resolved group that a later
    release has brought back. `held` is one that the rate limit has kept for the digest.
    """

    fp: str
    since: float
    told: float | None = None
    mails: int = 0
    back: bool = False
    held: bool = False

    @property
    def is_news(self) -> bool:
        """Whether it deserves a mail of its own."""
        return not self.held and (self.told is None or self.back)


@dataclass(frozen=True)
class Told:
    """A mail about errors that was made at a time, in epoch seconds."""

    at: float
    is_digest: bool = False


@dataclass(frozen=True)
class Due:
    """The groups, by fingerprint, that get a mail of their own, those in one digest, and those held for a later one."""

    alone: tuple[str, ...] = ()
    digest: tuple[str, ...] = ()
    held: tuple[str, ...] = ()


def due(waiting: Sequence[Waiting], told: Iterable[Told], mail: Mail, now: float) -> Due:
    """Return what is told at `now`; what is in neither part of it waits on.

    News leave at once, as far as the rate limit lets them, which keeps one mail free for the digest. News that are
    older than a digest's wait (nobody could be told, or the agent was away) go into the digest, all of them.
    """
    recent = [one for one in told if now - mail.digest_after < one.at <= now]
    room = mail.most - len(recent)
    news = _news(waiting, now - mail.digest_after)
    alone = news[: max(0, room - 1 if mail.most > 1 else room)]
    held = tuple(w.fp for w in news[len(alone) :])
    rest = [w for w in waiting if w not in alone]
    open_to_digest = room > len(alone) and not any(one.is_digest for one in recent)
    if open_to_digest and any(_digest_at(w, mail) <= now for w in rest):
        return Due(_fps(alone), _fps(rest))
    return Due(_fps(alone), held=held)


def _news(waiting: Sequence[Waiting], since: float) -> list[Waiting]:
    return sorted((w for w in waiting if w.is_news and w.since > since), key=lambda w: w.since)


def _digest_at(group: Waiting, mail: Mail) -> float:
    """Return when a digest is to speak of the group at the latest."""
    if group.told is None or group.back:
        return group.since + mail.digest_after
    return group.told + (mail.digest_after if group.mails <= 1 else mail.digest_every)


def _fps(groups: Sequence[Waiting]) -> tuple[str, ...]:
    return tuple(group.fp for group in groups)
