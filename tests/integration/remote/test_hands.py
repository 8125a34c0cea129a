"""What a machine is told to do for each step, done here."""

import subprocess
from pathlib import Path

from uncork.plan import Directory, File, Link, Remove
from uncork.remote import hands


def done(step: Directory | File | Link | Remove) -> None:
    content = step.content.encode() if isinstance(step, File) else b""
    subprocess.run(hands.argv(step), input=content, check=True)


def test_files_get_their_content_and_mode_whole_and_beside_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a name with 'quotes' and $money"
    for text, mode in (("first\n", 0o600), ("100 % \\ second\n", 0o644)):
        done(File(path, text, mode))
        assert path.read_text() == text
        assert path.stat().st_mode & 0o777 == mode
    assert list(tmp_path.iterdir()) == [path]


def test_links_are_moved_over_and_never_followed(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        done(Link(tmp_path / "current", name))
        assert (tmp_path / "current").readlink() == Path(name)
    assert not list((tmp_path / "one").iterdir())


def test_folders_are_made_with_their_mode_and_whole_trees_removed(tmp_path: Path) -> None:
    done(Directory(tmp_path / "a", 0o711))
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o711
    (tmp_path / "a" / "b").mkdir()
    for _ in range(2):
        done(Remove(tmp_path / "a"))
    assert not list(tmp_path.iterdir())


def test_nothing_that_a_shell_would_read_is_in_what_is_shown_of_a_script() -> None:
    assert hands.shown(File(Path("/etc/tmpfiles.d/uncork.conf"), "x")) == "write /etc/tmpfiles.d/uncork.conf"
