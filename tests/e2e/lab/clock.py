"""A machine's own clock: all machines here share one, so what runs on this one is told another time by a library."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.e2e.lab.machines import Machine

SOURCE: Final = Path(__file__).with_suffix(".c")
LIBRARY: Final = "/usr/local/lib/clock.so"
OFFSET: Final = "/etc/clock"


@contextmanager
def own(machine: Machine) -> Iterator[None]:
    """Give all that is started meanwhile a clock that `turn` turns; systemd, which runs already, keeps its own."""
    turn(machine, 0)
    machine.sh(f"tcc -shared -nostdlib -o {LIBRARY} - <<'C'\n{SOURCE.read_text()}C")
    library = machine.root / LIBRARY.lstrip("/")
    library.write_bytes(_harmless(library.read_bytes()))
    machine.sh(f"echo {LIBRARY} > /etc/ld.so.preload")
    try:
        yield
    finally:
        turn(machine, 0)
        machine.sh("rm /etc/ld.so.preload")


def turn(machine: Machine, seconds: int) -> None:
    """Set it to so long before or after what it is: at once, for all that runs."""
    number = "".join(f"\\{byte:03o}" for byte in struct.pack("<q", seconds))
    machine.sh(f"printf '{number}' | dd of={OFFSET} conv=notrunc status=none")


def _harmless(library: bytes) -> bytes:
    """Say in an ELF file that it needs no stack that can be executed, as no unit of ours has; tcc can't say it.

    A header more (PT_GNU_STACK, read and write) has no room where the others are: all go to the end.
    """
    begin, count = struct.unpack_from("<Q", library, 32)[0], struct.unpack_from("<H", library, 56)[0]
    headers = library[begin : begin + 56 * count] + struct.pack("<II6Q", 0x6474E551, 6, 0, 0, 0, 0, 0, 16)
    padded = library + bytes(-len(library) % 8)
    moved = bytearray(padded + headers)
    struct.pack_into("<Q", moved, 32, len(padded))
    struct.pack_into("<H", moved, 56, count + 1)
    return bytes(moved)
