"""What `git archive` writes, as files in a folder."""

import tarfile
from pathlib import Path
from typing import BinaryIO

from uncork.errors import UsageError
from uncork.machine.landing import LandingError, check


def unpacked(stream: BinaryIO, to: Path) -> tuple[str, ...]:
    """Write the files of a tar archive into a folder, as 0644 or 0755, and return their names; links stay links.

    Raises UsageError for what is no whole archive, or has a name that leads out of the folder.
    """
    names: list[str] = []
    links: list[tuple[str, str]] = []
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                check(member.name)
                if member.issym():
                    links.append((member.name, member.linkname))
                elif member.isreg():
                    _write(archive, member, to / member.name)
                    names.append(member.name)
        for name, points_to in links:  # after all files, so that none is written through one
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            (to / name).symlink_to(points_to)
    except (tarfile.TarError, LandingError, EOFError, FileExistsError) as error:
        raise UsageError(f"what came is not what git archives: {error}", "push again") from error
    return (*names, *(name for name, _ in links))


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    content = archive.extractfile(member)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.read() if content else b"")
    path.chmod(0o755 if member.mode & 0o100 else 0o644)
