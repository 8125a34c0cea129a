"""What keeps alerts from reaching anybody."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Obstacle:
    """What is wrong, what to do, since when (epoch seconds), and how many messages wait."""

    problem: str
    fix: str
    since: float
    waiting: int = 0
