"""What wheels a machine takes, and what uv calls that."""

import re
from dataclasses import dataclass
from typing import Final

from uncork.errors import UsageError

OLDEST: Final = (3, 10)
"""The oldest Python that uncork itself runs on; a release's may be older (recipes.python.OLDEST)."""

_KNOWN: Final = (17, 28, *range(31, 41))  # what `uv pip install --python-platform` has of manylinux_2_N
_KINDS: Final = ("x86_64", "aarch64")


@dataclass(frozen=True)
class Platform:
    """A machine as wheels see it.

    `python` is the full version of its Python, `machine` what `uname -m` prints, `libc` what `getconf GNU_LIBC_VERSION`
    prints ("glibc 2.36"), `executable` where its Python is.
    """

    python: str
    machine: str
    libc: str
    executable: str = "/usr/bin/python3"

    @property
    def minor(self) -> str:
        """The Python's minor version, as in 3.11: what it was built for runs on all of that."""
        return ".".join(self.python.split(".")[:2])

    @property
    def wheels(self) -> str:
        """What uv calls it. Raises UsageError where there are no wheels for it that uncork knows of."""
        glibc = re.fullmatch(r"glibc 2\.(\d+).*", self.libc.strip())
        if self.machine not in _KINDS or not glibc or int(glibc[1]) < _KNOWN[0]:
            problem = f"there are no wheels for {self.machine} with {self.libc.strip() or 'no glibc'}"
            raise UsageError(problem, "take a machine with Debian or Ubuntu on x86-64 or arm64")
        return f"{self.machine}-manylinux_2_{max(known for known in _KNOWN if known <= int(glibc[1]))}"


def check_python(platform: Platform) -> None:
    """Raise UsageError if uncork itself can't run on that machine's Python."""
    numbers = tuple(int(part) for part in re.findall(r"\d+", platform.python)[:2])
    if numbers < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise UsageError(
            f"uncork needs Python {oldest} or newer on the machine; {platform.executable} is {platform.python}",
            f"install a newer one beside it (`apt install python{oldest}`), or a newer release of the system",
        )
