"""What who pushes hears of the deploy."""

from pathlib import Path

from uncork.cli.asked import Asked
from uncork.cli.receive import Pushing


class Heard:
    """Keeps what is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def begin(self, why: str) -> None:
        """A step."""
        self.told.append(why)

    def end(self, why: str, seconds: float) -> None:
        """Its end."""

    def note(self, text: str) -> None:
        """A note."""
        self.told.append(text)


def test_a_line_that_a_full_disk_has_cut_short_ends_no_push() -> None:
    heard = Heard()
    pushing = Pushing(Asked(Path("/state"), None, json=False, debug=False), heard)
    for line in (b'{"begin": "boot it"}\n', b'{"end": "bo{"note": "lost"}\n', b'{"note": "kept"}\n'):
        pushing.tell(line)
    assert heard.told == ["boot it", "kept"]
