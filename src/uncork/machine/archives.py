"""What `git archive` writes, as files in a folder."""

import io
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

from uncork.errors import UsageError
from uncork.machine.landing import LandingError, check

END: Final = bytes(2 * tarfile.BLOCKSIZE)
"""What an archive ends with (pax in POSIX.1-2017): one of which the rest is missing may end with any file of it."""


def unpacked(stream: BinaryIO, to: Path) -> tuple[str, ...]:
    """Write the files of a tar archive into a folder, as 0644 or 0755, and return their names; links stay links.

    Raises UsageError for what is no whole archive, or has a name that leads out of the folder, also by a link in it.
    """
    watched = _Watched(stream)
    names: list[str] = []
    links: list[tuple[str, str]] = []
    try:
        with tarfile.open(fileobj=watched, mode="r|") as archive:
            for member in archive:
                check(member.name)
                if member.issym():
                    links.append((member.name, member.linkname))
                elif member.isreg():
                    _write(archive, member, to / member.name)
                    names.append(member.name)
        watched.see_end()
        _link(to, links)
    except (tarfile.TarError, LandingError, EOFError, FileExistsError, NotADirectoryError) as error:
        raise UsageError(f"what came is not what git archives: {error}", "push again") from error
    return (*names, *(name for name, _ in links))


class _Watched(io.BufferedIOBase):
    """A stream whose last bytes are kept."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._last = b""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read some bytes."""
        data = self._stream.read(-1 if size is None else size)
        self._last = (self._last + data)[-len(END) :]
        return data

    def see_end(self) -> None:
        """Read to the end. Raises EOFError if it is not that of an archive."""
        while self.read(tarfile.RECORDSIZE):
            pass
        if self._last != END:
            raise EOFError("its end is missing")


def _link(to: Path, links: Sequence[tuple[str, str]]) -> None:
    """Make the links, after all files, so that none is written through one; nor is a link made through another."""
    names = {name for name, _ in links}
    for name, points_to in links:
        through = next((above for above in map(str, Path(name).parents) if above in names), "")
        if through:
            raise FileExistsError(f"{name} is below the link {through}")
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).symlink_to(points_to)


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    content = archive.extractfile(member)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.read() if content else b"")
    path.chmod(0o755 if member.mode & 0o100 else 0o644)
