"""What the options of every verb say."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uncork.layout import Layout


@dataclass(frozen=True)
class Asked:
    """What the options of every verb say. `target` and `hosts` are as they were typed; `home_said`: on this line."""

    home: Path
    app: str | None = None
    json: bool = False
    debug: bool = False
    target: str | None = None
    hosts: tuple[str, ...] = ()
    accept_new: bool = False
    home_said: bool = False

    @property
    def layout(self) -> "Layout":
        """Where everything of the state directory is; root's own is the machine's, if that was set up for serving."""
        from uncork.layout import MACHINE, Layout, runtime_directory

        if self.home == MACHINE.home and os.geteuid() == 0 and MACHINE.machine_record.exists():
            return MACHINE
        return Layout(self.home, runtime_directory(self.home, os.getuid()))
