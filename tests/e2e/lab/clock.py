"""A machine's own clock: all machines here share one, so what runs on this one is told another time by a library."""

import struct
from pathlib import Path
from typing import Final

from tests.e2e.lab.machines import Machine

SOURCE: Final = Path(__file__).with_suffix(".c")
LIBRARY: Final = "/usr/local/lib/clock.so"
OFFSET: Final = "/etc/clock"


def own(machine: Machine) -> None:
    """Give all that is started from now on a clock that `turn` turns; systemd, which runs already, keeps its own."""
    turn(machine, 0)
    machine.sh(f"tcc -shared -nostdlib -o {LIBRARY} - <<'C'\n{SOURCE.read_text()}C")
    machine.sh(f"echo {LIBRARY} > /etc/ld.so.preload")


def turn(machine: Machine, seconds: int) -> None:
    """Set it to so long before or after what it is: at once, for all that runs."""
    number = "".join(f"\\{byte:03o}" for byte in struct.pack("<q", seconds))
    machine.sh(f"printf '{number}' | dd of={OFFSET} conv=notrunc status=none")
