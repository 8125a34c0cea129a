import io
import tarfile
from pathlib import Path

import pytest

from uncork.errors import UsageError
from uncork.machine.archives import unpacked


def archive(*members: tuple[str, str, str]) -> io.BytesIO:
    """Members are (name, type, content or what a link points to)."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name, kind, content in members:
            member = tarfile.TarInfo(name)
            member.type = kind.encode()
            member.mode = 0o775
            if member.issym():
                member.linkname = content
            else:
                member.size = len(content)
            tar.addfile(member, io.BytesIO(content.encode()))
    made.seek(0)
    return made


FILE, LINK, FIFO = "0", "2", "6"


def test_files_and_links_are_written_and_nothing_else(tmp_path: Path) -> None:
    names = unpacked(archive(("a/b.py", FILE, "b"), ("c", LINK, "a/b.py"), ("pipe", FIFO, "")), tmp_path)
    assert names == ("a/b.py", "c")
    assert (tmp_path / "c").read_text() == "b"
    assert (tmp_path / "a" / "b.py").stat().st_mode & 0o777 == 0o755
    assert not (tmp_path / "pipe").exists()


@pytest.mark.parametrize("name", ["../out", "/etc/out", "a/../../out"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "to").mkdir()
    with pytest.raises(UsageError, match="not what git archives"):
        unpacked(archive((name, FILE, "x")), tmp_path / "to")
    assert not (tmp_path / "out").exists()


def test_no_file_is_written_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    to = tmp_path / "to"
    to.mkdir()
    with pytest.raises(UsageError):
        unpacked(archive(("a", LINK, str(outside)), ("a/b", FILE, "x")), to)
    assert not list(outside.iterdir())


def test_what_is_cut_short_is_no_archive(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        unpacked(io.BytesIO(archive(("a", FILE, "x" * 2000)).read()[:1500]), tmp_path)


def test_no_link_is_made_through_a_link(tmp_path: Path) -> None:
    outside, to = tmp_path / "outside", tmp_path / "to"
    outside.mkdir()
    to.mkdir()
    with pytest.raises(UsageError, match="below the link a"):
        unpacked(archive(("a", LINK, str(outside)), ("a/b", LINK, "/etc/passwd")), to)
    assert not list(outside.iterdir())


def test_a_file_that_is_a_folder_as_well_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not what git archives"):
        unpacked(archive(("a", FILE, "x"), ("a/b", FILE, "x")), tmp_path)


def test_an_archive_that_ends_after_one_of_its_files_is_not_whole(tmp_path: Path) -> None:
    whole = archive(("a", FILE, "x" * 512), ("b", FILE, "y" * 512)).read()
    with pytest.raises(UsageError, match="its end is missing"):
        unpacked(io.BytesIO(whole[:1024]), tmp_path)
