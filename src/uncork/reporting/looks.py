"""What is seen of an app and its machine when one looks, and what a day of such looks comes to."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Look:
    """What was seen once. `started` is in epoch seconds, 0 if nothing runs; sizes are in bytes.

    `restarts` counts the workers that were replaced since the instance started. An `idle` app has none, and starts some
    for the next request.
    """

    instance: str
    release: int
    environment: str
    started: float
    workers: int
    restarts: int
    memory: int
    logs: int
    load: float
    machine_memory: int
    machine_memory_free: int
    disk: int
    disk_free: int
    idle: bool = False

    @property
    def answered(self) -> bool:
        """Whether a request would have been answered."""
        return self.workers > 0 or self.idle


@dataclass(frozen=True)
class Day:
    """A day of looks: how many, how many found it answering, the last one, and the most of what goes up and down."""

    last: Look
    looks: int = 0
    answered: int = 0
    restarts: int = 0
    most_memory: int = 0
    most_load: float = 0.0
    least_machine_memory_free: int = 0


def first(look: Look, before: Look | None) -> Day:
    """Return the day that begins with a look; `before` is the last one of an earlier day."""
    empty = Day(before or look, least_machine_memory_free=look.machine_memory_free)
    return more(empty, look)


def more(day: Day, look: Look) -> Day:
    """Return a day with one more look."""
    return replace(
        day,
        last=look,
        looks=day.looks + 1,
        answered=day.answered + look.answered,
        restarts=day.restarts + _restarts(day.last, look),
        most_memory=max(day.most_memory, look.memory),
        most_load=max(day.most_load, look.load),
        least_machine_memory_free=min(day.least_machine_memory_free, look.machine_memory_free),
    )


def _restarts(before: Look, look: Look) -> int:
    """A deploy's workers are new, none of them restarted; a server that came back by itself counts as one restart.

    Workers that came back from being idle took nobody's place, though their server counts them.
    """
    if not look.workers or before.idle:
        return 0
    if before.instance != look.instance:
        return look.restarts
    if before.workers and before.started != look.started:
        return look.restarts + 1
    return max(0, look.restarts - before.restarts)
