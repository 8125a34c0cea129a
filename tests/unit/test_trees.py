"""A source tree is read from a real disk, in and out of git."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from uncork.errors import UsageError
from uncork.machine.checkouts import modified
from uncork.machine.trees import digest, read
from uncork.rendering import MARK


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def put(root: Path, *names: str) -> None:
    write(root, **dict.fromkeys(names, "x = 1\n"))


def git(root: Path, *words: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always")
    subprocess.run(("git", *identity, *words), cwd=root, check=True, capture_output=True)


def test_what_tools_make_is_left_out(tmp_path: Path) -> None:
    put(tmp_path, "app.py", "static/a.css", ".flaskenv", ".gitignore")
    put(tmp_path, "__pycache__/app.pyc", "b.pyc", ".venv/bin/x", "node_modules/a.js", ".hg/x", "a.egg-info/PKG-INFO")
    put(tmp_path, ".DS_Store", ".mypy_cache/x", "named/pyvenv.cfg", "named/lib/x.py", "env/settings.py")
    assert read(tmp_path).names == (".flaskenv", ".gitignore", "app.py", "env/settings.py", "static/a.css")


def test_data_and_secrets_stay_out_and_patterns_stay_in(tmp_path: Path) -> None:
    put(tmp_path, "app.py", "instance/app.db", "src/instance/app.db", "backend/app.py", "backend/instance/app.db")
    put(tmp_path, ".env", ".env.production", ".env.example", "static/instance/logo.svg", "sub/.env")
    tree = read(tmp_path)
    assert tree.names == (".env.example", "app.py", "backend/app.py", "static/instance/logo.svg")
    assert len([note for note in tree.notes if "instance" in note]) == 3


def test_what_render_wrote_into_the_project_is_no_part_of_it(tmp_path: Path) -> None:
    put(tmp_path, "app.py", "out/machine/run.py", "out/machine/source/app.py", "out/README.md", "tool/run.py")
    write(tmp_path, **{"out/machine/README.md": f"# shop, as files\n\n{MARK} Nothing", "tool/README.md": "# a tool"})
    tree = read(tmp_path)

    assert tree.names == ("app.py", "out/README.md", "tool/README.md", "tool/run.py")
    assert tree.notes == ("out/machine/ was written by `uncork render` and is not copied",)
    assert read(tmp_path / "out" / "machine").names == ("README.md", "run.py", "source/app.py")


def test_flask_app_is_read_from_env_over_flaskenv_and_nothing_else_is(tmp_path: Path) -> None:
    write(
        tmp_path,
        **{"app.py": "", ".env": "FLASK_APP=one\nSECRET=canary\n", ".flaskenv": "FLASK_APP=two\nFLASK_DEBUG=1"},
    )
    tree = read(tmp_path)
    assert tree.environment == {"FLASK_APP": "one", "FLASK_DEBUG": "1"}
    assert "canary" not in repr(tree)


def test_texts_are_those_that_say_what_a_project_is(tmp_path: Path) -> None:
    put(tmp_path, "a/b.py", "pyproject.toml", "requirements-dev.txt", "requirements/base.txt", "README.md", "data.txt")
    assert set(read(tmp_path).texts) == {"a/b.py", "pyproject.toml", "requirements-dev.txt", "requirements/base.txt"}


def test_texts_are_decoded_as_their_readers_do(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes("flask==3.1.0\r\n".encode("utf-16"))
    (tmp_path / "latin.py").write_bytes("# coding: latin-1\nx = 'é'\n".encode("latin-1"))
    (tmp_path / "broken.py").write_bytes(b"x = '\xff'\n")
    (tmp_path / "odd.py").write_bytes(b"# coding: rot13\nk = 1\n")
    tree = read(tmp_path)
    assert tree.texts["requirements.txt"] == "flask==3.1.0\n"
    assert "é" in tree.texts["latin.py"]
    assert "broken.py" in tree.texts
    assert [note for note in tree.notes if "broken.py" in note]


def test_a_text_that_is_too_large_is_copied_and_not_read(tmp_path: Path) -> None:
    write(tmp_path, **{"data.py": "x" * (4 * 1024 * 1024 + 1), "app.py": ""})
    tree = read(tmp_path)
    assert "data.py" in tree.names
    assert "data.py" not in tree.texts


def test_git_says_what_belongs_to_a_checkout(tmp_path: Path) -> None:
    put(tmp_path, "app.py", "gone.py", "new.py", "build/a.js", "venv/pyvenv.cfg", "venv/x.py", "sp ace\n.py", "é.py")
    write(tmp_path, **{".gitignore": "build/\n"})
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "app.py", "gone.py", "é.py")
    (tmp_path / "gone.py").unlink()
    assert read(tmp_path).names == (".gitignore", "app.py", "new.py", "sp ace\n.py", "é.py")


def test_a_folder_of_a_checkout_is_a_project_of_its_own(tmp_path: Path) -> None:
    put(tmp_path, "one/app.py", "two/app.py")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    assert read(tmp_path / "one").names == ("app.py",)


def test_a_folder_that_the_checkout_around_it_ignores_is_walked(tmp_path: Path) -> None:
    put(tmp_path, "scratch/app.py")
    write(tmp_path, **{".gitignore": "scratch/\n"})
    git(tmp_path, "init", "-q")
    assert read(tmp_path / "scratch").names == ("app.py",)


def test_submodules_count_and_one_that_is_not_checked_out_is_told(tmp_path: Path) -> None:
    inner, outer = tmp_path / "inner", tmp_path / "outer"
    put(inner, "lib.py")
    put(outer, "app.py")
    for root in (inner, outer):
        git(root, "init", "-q")
        git(root, "add", ".")
        git(root, "commit", "-qm", "x")
    git(outer, "submodule", "add", "-q", str(inner), "lib")
    assert read(outer).names == (".gitmodules", "app.py", "lib/lib.py")
    git(outer, "submodule", "deinit", "-f", "lib")
    assert "lib" in read(outer).notes[0]


def test_no_program_that_a_checkouts_config_names_is_run(tmp_path: Path) -> None:
    put(tmp_path, "app.py")
    git(tmp_path, "init", "-q")
    git(tmp_path, "config", "core.fsmonitor", f"touch {tmp_path}/ran; false")
    read(tmp_path)
    assert not (tmp_path / "ran").exists()


def test_what_git_does_not_track_stays_behind_if_so_said_and_is_named(tmp_path: Path) -> None:
    git(tmp_path, "init")
    put(tmp_path, "app.py", "new.py")
    git(tmp_path, "add", "app.py")
    tree = read(tmp_path, tracked=True)
    assert tree.names == ("app.py",)
    assert any("git does not know new.py" in note for note in tree.notes)


def test_what_is_not_as_it_was_committed_is_named(tmp_path: Path) -> None:
    git(tmp_path, "init")
    put(tmp_path, "shop/app.py", "shop/old.py", "shop/same.py", "blog/app.py")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "all")
    assert modified(tmp_path / "shop") == ()
    write(tmp_path, **{"shop/app.py": "y", "blog/app.py": "y", "shop/new.py": "x"})
    (tmp_path / "shop" / "old.py").unlink()
    assert modified(tmp_path / "shop") == ("app.py", "old.py")
    assert modified(tmp_path.parent) == ()


def test_without_git_what_a_gitignore_is_about_is_left_out_too(tmp_path: Path) -> None:
    write(tmp_path, **{".gitignore": "*.log\n/build/\n", "sub/.gitignore": "x.py\n"})
    put(tmp_path, "app.py", "a.log", "build/b.py", "sub/x.py", "sub/y.py", "sub/build/z.py")
    assert read(tmp_path).names == (".gitignore", "app.py", "sub/.gitignore", "sub/build/z.py", "sub/y.py")
    assert not (tmp_path / ".git").exists()


def test_of_what_somebody_has_listed_data_and_secrets_stay_out_too(tmp_path: Path) -> None:
    put(tmp_path, "app.py", "instance/app.db", ".env", "venv/kept.py")
    assert read(tmp_path, names=("app.py", "instance/app.db", ".env", "venv/kept.py")).names == (
        "app.py",
        "venv/kept.py",
    )


def test_links_inside_the_tree_count_as_what_they_point_to(tmp_path: Path) -> None:
    put(tmp_path, "real/a.txt", "real/b/c.txt", "app.py")
    (tmp_path / "file.py").symlink_to("app.py")
    (tmp_path / "folder").symlink_to("real")
    (tmp_path / "lost").symlink_to("nowhere")
    tree = read(tmp_path)
    assert tree.names == ("app.py", "file.py", "folder/a.txt", "folder/b/c.txt", "real/a.txt", "real/b/c.txt")
    assert "lost" in tree.notes[0]


def test_a_link_to_a_secret_or_to_data_is_left_out(tmp_path: Path) -> None:
    put(tmp_path, "app.py", ".env", "instance/app.db")
    (tmp_path / "settings").symlink_to(".env")
    (tmp_path / "data").symlink_to("instance")
    tree = read(tmp_path)
    assert tree.names == ("app.py",)
    assert len(tree.notes) == 3


@pytest.mark.parametrize("to", ["/etc/hostname", "/etc", "../outside.txt", "/nowhere/at/all"])
def test_a_link_that_leaves_the_tree_is_refused_by_name(tmp_path: Path, to: str) -> None:
    put(tmp_path, "outside.txt", "project/app.py")
    (tmp_path / "project" / "link").symlink_to(to)
    with pytest.raises(UsageError, match="link is a link that leads out"):
        read(tmp_path / "project")


def test_a_link_to_a_folder_around_it_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "a/app.py")
    (tmp_path / "a" / "up").symlink_to("..")
    with pytest.raises(UsageError, match="a/up"):
        read(tmp_path)


def test_pipes_and_sockets_are_refused_each_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "app.py")
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("app.sock")
        with pytest.raises(UsageError, match=r"app\.sock is a socket; pipe is a pipe"):
            read(tmp_path)


@pytest.mark.parametrize("name", ["", "missing", "app.py", "nul\0"])
def test_what_is_no_folder_with_files_is_refused(tmp_path: Path, name: str) -> None:
    if name == "app.py":
        put(tmp_path, "app.py")
    with pytest.raises(UsageError):
        read(tmp_path / name)


def test_the_whole_machine_is_refused() -> None:
    with pytest.raises(UsageError, match="whole machine"):
        read(Path("/"))


def test_a_state_directory_inside_the_project_is_left_out(tmp_path: Path) -> None:
    put(tmp_path, "app.py", "state/apps/x/releases/1/source/app.py")
    assert read(tmp_path, (tmp_path / "state",)).names == ("app.py",)


def test_a_digest_changes_with_a_name_a_mode_or_a_byte(tmp_path: Path) -> None:
    put(tmp_path, "a.py", "b.py")
    digests = [digest(read(tmp_path))]
    assert digest(read(tmp_path)) == digests[0]
    write(tmp_path, **{"a.py": "x = 2\n"})
    digests.append(digest(read(tmp_path)))
    (tmp_path / "a.py").chmod(0o755)
    digests.append(digest(read(tmp_path)))
    (tmp_path / "b.py").rename(tmp_path / "c.py")
    digests.append(digest(read(tmp_path)))
    assert len(set(digests)) == 4


@pytest.mark.parametrize("name", ["new\nline.py", "semi;colon.py", "$(id).py", "quote'\".py", "%d@(exec:).py"])
def test_hostile_names_are_carried_through(tmp_path: Path, name: str) -> None:
    put(tmp_path, name)
    tree = read(tmp_path)
    assert tree.names == (name,)
    assert digest(tree)


def test_a_name_that_is_no_utf_8_is_carried_through(tmp_path: Path) -> None:
    put(tmp_path, os.fsdecode(b"\xff.py"))
    assert len(digest(read(tmp_path))) == 64
