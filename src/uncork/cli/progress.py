"""How progress is told: a line a step, live on a terminal, silent where JSON is asked for."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from uncork.cli.asked import Asked
from uncork.cli.streams import unread
from uncork.report import Meter, Reporter, Silent

if TYPE_CHECKING:
    from rich.live import Live


@contextmanager
def progress(asked: Asked) -> Iterator[Reporter]:
    """Give who tells the progress of one verb. It changes something, so that from here on nobody has to hear it."""
    sys.stdout = unread(sys.stdout)
    if asked.json:
        yield Silent()
    elif sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        from rich.console import Console
        from rich.live import Live

        # Without rich's own thread: commands are started by fork, which threads make unsafe.
        live = Live(console=Console(highlight=False, markup=False), auto_refresh=False, transient=True)
        live.start()
        try:
            yield Unheard(Lively(live))
        finally:
            with suppress(OSError):
                live.stop()
    else:
        plain = Plain()
        try:
            yield Unheard(plain)
        finally:
            with suppress(OSError):
                plain.finish()


class Unheard:
    """Passes all on to who tells it, and goes on where nobody can hear it: the reader left, the terminal is gone.

    What is being done must not fail by that, still less its way back.
    """

    def __init__(self, teller: Reporter) -> None:
        self._teller = teller

    def begin(self, why: str) -> None:
        """Tell it if somebody listens."""
        with suppress(OSError):
            self._teller.begin(why)

    def end(self, why: str, seconds: float) -> None:
        """Tell it if somebody listens."""
        with suppress(OSError):
            self._teller.end(why, seconds)

    def note(self, text: str) -> None:
        """Tell it if somebody listens."""
        with suppress(OSError):
            self._teller.note(text)

    def so_far(self, text: str) -> None:
        """Tell it if somebody looks on."""
        if isinstance(self._teller, Meter):
            with suppress(OSError):
                self._teller.so_far(text)


class Plain:
    """Tells progress in plain lines; a step's line begins when the step does."""

    def __init__(self) -> None:
        self._begun = ""

    def begin(self, why: str) -> None:
        """Begin the step's line."""
        self.finish()
        if why:
            click.echo(f"{why} ... ", nl=False)
            sys.stdout.flush()
        self._begun = why

    def end(self, why: str, seconds: float) -> None:
        """End it with its seconds."""
        if not why:
            return
        if self._begun != why:
            self.begin(why)
        click.echo(f"{seconds:.2f} s")
        self._begun = ""

    def note(self, text: str) -> None:
        """Print a line."""
        self.finish()
        click.echo(text)

    def finish(self) -> None:
        """End a line whose step did not end."""
        if self._begun:
            click.echo("")
        self._begun = ""


class Lively:
    """Tells progress on a terminal: the step that goes on stands below those that are done."""

    def __init__(self, live: "Live") -> None:
        self._live = live

    def begin(self, why: str) -> None:
        """Show the step that goes on."""
        from rich.text import Text

        self._live.update(Text(f"  {why} ...", "dim"), refresh=True)

    def so_far(self, text: str) -> None:
        """Show how far it has got."""
        self.begin(text)

    def end(self, why: str, seconds: float) -> None:
        """Print the step as done."""
        from rich.text import Text

        self._live.update(Text(""))
        if why:
            self._live.console.print(Text.assemble(("✓ ", "green"), f"{why} ", (f"{seconds:.2f} s", "dim")))

    def note(self, text: str) -> None:
        """Print a line."""
        self._live.console.print(text)
