"""Progress is told to whoever listens, and nothing fails where nobody does."""

import errno

import pytest

from uncork.cli.progress import Unheard


class Gone:
    """A terminal that was closed."""

    def begin(self, why: str) -> None:
        raise BrokenPipeError(why)

    def end(self, why: str, seconds: float) -> None:
        raise OSError(errno.EIO, f"{why} {seconds}")

    def note(self, text: str) -> None:
        raise OSError(errno.EIO, text)


def test_a_deploy_goes_on_and_is_taken_back_though_its_terminal_is_gone() -> None:
    report = Unheard(Gone())
    report.begin("switch")
    report.end("switch", 0.1)
    report.note("it could not be cleaned up")


def test_what_is_no_matter_of_listening_is_not_hidden() -> None:
    class Broken(Gone):
        def begin(self, why: str) -> None:
            raise ValueError(why)

    with pytest.raises(ValueError, match="switch"):
        Unheard(Broken()).begin("switch")
