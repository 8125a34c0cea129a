import os
import zlib
from io import BufferedReader, BytesIO
from pathlib import Path

import pytest

from tests.integration.remote.here import here
from uncork.errors import UserError
from uncork.machine import landing
from uncork.machine.landing import Landing, LandingError, Unpacked, Wanted
from uncork.remote.transfer import Item, items, send


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "pkg").mkdir(parents=True)
    (root / "pkg" / "a.py").write_text("a = 1\n" * 100_000)
    (root / "run").write_text("#!/bin/sh\n")
    (root / "run").chmod(0o700)
    (root / "twice").write_text("#!/bin/sh\n")
    (root / "empty").write_text("")
    return root


NAMES = ("pkg/a.py", "run", "twice", "empty")


def test_files_arrive_as_they_are_each_content_once(tree: Path, tmp_path: Path) -> None:
    to = tmp_path / "there"
    sent = send(here(), items(tree, NAMES), str(to))
    assert sent.files == 3
    for name in NAMES:
        assert (to / name).read_bytes() == (tree / name).read_bytes()
    assert [(to / name).stat().st_mode & 0o777 for name in ("run", "twice")] == [0o755, 0o644]
    assert sorted(path.name for path in to.iterdir()) == ["empty", "pkg", "run", "twice"]


def test_what_the_machine_has_under_another_name_is_not_sent(tree: Path, tmp_path: Path) -> None:
    old, to = tmp_path / "old", tmp_path / "new"
    send(here(), items(tree, NAMES), str(old))
    (old / "pkg" / "a.py").rename(old / "moved.py")
    (tree / "run").write_text("#!/bin/bash\n")
    sent = send(here(), items(tree, NAMES), str(to), known=(str(old),))
    assert (sent.files, sent.size) == (1, 12)
    assert (to / "run").read_text() == "#!/bin/bash\n"
    assert send(here(), items(tree, NAMES), str(to)).files == 0


def test_what_others_remove_while_it_is_looked_at_is_asked_for(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "old"
    send(here(), items(tree, NAMES), str(old))

    def too_late(source: Path, new: Path) -> bool:  # noqa: ARG001 -- what it stands for
        source.unlink()
        return False

    monkeypatch.setattr(landing, "_linked", too_late)
    wanted = [Wanted(*item.listed) for item in items(tree, NAMES)]
    assert Landing(str(tmp_path / "there"), wanted, (str(old),)).lacking() == [0, 1, 3]


def test_what_came_before_the_connection_was_lost_need_not_come_again(tree: Path, tmp_path: Path) -> None:
    wanted = [Wanted(*item.listed) for item in items(tree, NAMES)]
    there = Landing(str(tmp_path / "there"), wanted)
    lacking = there.lacking()
    content = (tree / "pkg" / "a.py").read_bytes() + b"#!/b"
    source, sink = tmp_path / "stream", tmp_path / "there"
    source.write_bytes(content)
    with source.open("rb") as stream, pytest.raises(LandingError):
        there.take(stream, lacking)
    assert [path.name for path in sink.iterdir()] == ["pkg"]
    assert send(here(), items(tree, NAMES), str(sink)).files == 2


def test_a_file_that_changes_while_it_is_sent_is_refused_by_name(tree: Path, tmp_path: Path) -> None:
    files = items(tree, NAMES)
    (tree / "pkg" / "a.py").write_text("short")
    with pytest.raises(UserError, match=r"pkg/a\.py changed while it was sent"):
        send(here(), files, str(tmp_path / "there"))
    assert not (tmp_path / "there" / "pkg").exists()


@pytest.mark.parametrize("name", ["../out", "/etc/passwd", "a/../../out", "a//b", "", "a\0b", "."])
def test_no_name_leads_out_of_the_folder(name: str, tree: Path, tmp_path: Path) -> None:
    file = items(tree, ("run",))[0]
    with pytest.raises(UserError, match="not the name of a file inside"):
        send(here(), (Item(name, file.path, 0o644, file.sha256, file.size),), str(tmp_path / "there"))
    assert sorted(os.listdir(tmp_path)) == ["tree"]  # noqa: PTH208


def test_a_disk_that_is_too_small_is_told_before_anything_is_sent(tree: Path, tmp_path: Path) -> None:
    huge = Item("huge", tree / "run", 0o644, "0" * 64, 1 << 60)
    with pytest.raises(UserError, match=r"its disk has .* free"):
        send(here(), (huge,), str(tmp_path / "there"))


@pytest.mark.parametrize("pack", [True, False])
def test_files_that_pack_well_badly_or_not_at_all_arrive_whole_and_it_is_told_how_far_they_are(
    tmp_path: Path,
    pack: bool,  # noqa: FBT001
) -> None:
    root, to, told = tmp_path / "tree", tmp_path / "there", []
    root.mkdir()
    contents = {"noise": os.urandom(3_000_001), "zeros": bytes(40_000_000), "mixed": (b"a" * 999 + os.urandom(9)) * 999}
    for name, content in contents.items():
        (root / name).write_bytes(content)
    size = sum(map(len, contents.values()))
    sent = send(here(), items(root, contents), str(to), pack=pack, so_far=lambda *so_far: told.append(so_far))
    assert (sent.files, sent.size) == (3, size)
    assert {name: (to / name).read_bytes() == content for name, content in contents.items()} == dict.fromkeys(
        contents, True
    )
    assert told[-1] == (size, size)
    assert told == sorted(told)


def test_a_packed_stream_that_ends_early_is_told() -> None:
    packed = zlib.compress(os.urandom(1000))
    stream = Unpacked(BufferedReader(BytesIO(packed[:-500])))
    while stream.read(100):
        pass
    assert not stream.read(100)
