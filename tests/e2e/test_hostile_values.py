"""Values that are live in some format, everywhere a user may write one: refused, or carried through exactly."""

import json
import os
import shutil
from pathlib import Path
from typing import Final, cast
from urllib.parse import quote

import pytest

from tests.e2e.state import Done, Uncork, copied, eventually, rewrite, state

HOSTILE: Final = {
    "newline": "a\nb",
    "semicolon": "a; return 200 b",
    "braces": "a{b}",
    "shell": "$(touch TRACE)",
    "backticks": "`touch TRACE`",
    "uwsgi exec": "@(exec://touch TRACE)",
    "percent": "%d%(x)s%%",
    "single quote": "a'b",
    "double quote": 'a"b',
    "backslash": "a\\b",
    "dollar": "$uri ${host}",
    "hash": "a#b",
    "nul": "a\0b",
    "64 KB": "a" * 65_536,
    "climbing": "../../etc",
    "space": "a b",
    "carriage return": "a\rb",
    "not ascii": "d\u00e9j\u00e0-\u4f60\u597d",
    "template": "{{ 7 * 7 }}{% raw %}",
    "empty": "",
}

by_name = pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())


def traces(uncork: Uncork) -> list[Path]:
    """What a value that was run as a command would have made."""
    return [p for place in (uncork.root, Path.cwd(), Path("/")) for p in place.glob("TRACE*")]


def refused(done: Done) -> None:
    """A clear error of usage."""
    done.ended(2)
    assert "Traceback" not in done.said
    assert len(done.said) < 5_000


@by_name
def test_a_hostile_value_of_a_key_is_refused_by_its_name_and_changes_nothing(
    shared: Uncork, project: Path, value: str
) -> None:
    before = shared.release()
    (project / "pyproject.toml").unlink()
    written = {"name": value, "environment_variable": value, "server": value}
    (project / "uncork.toml").write_text("".join(f"{key} = {json.dumps(text)}\n" for key, text in written.items()))
    done = shared.run("plan", str(project))
    refused(done)
    assert all(key in done.said for key in written)
    (project / "uncork.toml").write_text(f'name = "hello"\napp = {json.dumps(f"app:{value}")}\n')
    refused(shared.run("plan", str(project)))
    assert shared.release() == before
    assert not traces(shared)


@by_name
def test_a_hostile_mount_or_domain_is_refused_or_served_exactly(shared: Uncork, project: Path, value: str) -> None:
    (project / "pyproject.toml").unlink()
    for key, written in (("mount", f"/{value}"), ("domains", [f"{value}.example.com"])):
        (project / "uncork.toml").write_text(f'name = "hello"\n{key} = {json.dumps(written)}\n')
        done = shared.run("plan", str(project))
        if done.code:
            refused(done)
            continue
        shared.up(project).ok()
        path = quote(f"/{value}/about" if key == "mount" and value else "/about")
        host = "localhost" if key == "mount" else f"{value}.example.com"
        seen = shared.get(path, host=host.encode("idna").decode()).json()["url"]
        assert seen == f"http://{host}:{shared.port}{path}"
    assert not traces(shared)


@by_name
def test_a_hostile_health_path_is_refused_or_asked_exactly(shared: Uncork, project: Path, value: str) -> None:
    (project / "uncork.toml").write_text(f"health = {json.dumps('/' + value)}\n")
    (project / "pyproject.toml").write_text('[project]\nname = "hello"\nversion = "0"\n')
    done = shared.run("plan", str(project))
    assert done.code in {0, 2}, done.said
    assert "Traceback" not in done.said
    assert not traces(shared)


@by_name
def test_a_hostile_option_is_refused(shared: Uncork, value: str) -> None:
    if "\0" in value or len(value) > 60_000:
        return  # no command line can hold them
    refused(shared.run("restart", "--app", value))
    assert not traces(shared)


@pytest.mark.parametrize("value", ["a\nb", "$(touch TRACE)", "@(exec://touch TRACE)", "../x", "{{ 7 }}", ""])
def test_a_hostile_environment_or_port_is_refused(shared: Uncork, project: Path, value: str) -> None:
    refused(shared.run("plan", str(project), "--port", value))
    refused(shared.run("plan", str(project), "--env", value))
    assert not traces(shared)


def test_a_hostile_value_of_a_variable_reaches_the_app_exactly(shared: Uncork) -> None:
    values = {f"GREETING_{n}": v for n, v in enumerate(HOSTILE.values()) if "\0" not in v}
    for name, value in values.items():
        shared.run("config", "set", name if value else f"{name}=", stdin=value).ok()
    shared.run("restart").ok()
    for name, value in values.items():
        assert shared.get(f"/variable/{name}").body == value.encode(), name
    assert not traces(shared)
    for name in values:
        shared.run("config", "unset", name).ok()
    refused(shared.run("config", "set", "GREETING", stdin="a\0b"))


@by_name
def test_a_hostile_name_of_a_variable_is_refused(shared: Uncork, value: str) -> None:
    if "\0" in value or len(value) > 60_000:
        return
    refused(shared.run("config", "set", value, stdin="x"))
    refused(shared.run("config", "set", f"A{value}=x=1" if value else "=1"))


FOLDERS: Final = (
    "with space", "quo'te\"d", "semi;colon{}", "$(touch TRACE)", "`touch TRACE`", "%d %(x)s %%", "@(exec:touch TRACE)",
    "\u00fcn\u00efc\u00f6d\u00e9 \u4f60\u597d", "new\nline", "back\\slash", "$uri#comment", "-rf", "{{ 7 * 7 }}",
)  # fmt: skip


# What has so far been carried through exactly is put together, to deploy less often.
TOGETHER: Final = (
    "a b'c\"d;e{}f`touch TRACE`g\u4f60@(exec)h{{ 7 * 7 }}i!&|<>~",
    "$(touch TRACE)", "%d %(x)s %%", "@(exec:touch TRACE)", "new\nline", "back\\slash", "a*?[b]", "a=b #c ;d",
)  # fmt: skip


@pytest.mark.parametrize("folder", TOGETHER)
def test_a_project_in_a_folder_of_a_hostile_name_is_served_or_refused(shared: Uncork, folder: str) -> None:
    project = copied("hello", shared.root / "projects" / folder)
    rewrite(project / "app.py", '"one"', '"hostile"')
    done = shared.up(project)
    if done.code:
        refused(done)
    else:
        assert "text hostile" in shared.get().text
    assert not traces(shared)
    shutil.rmtree(project)


@pytest.mark.parametrize("folder", TOGETHER)
def test_a_state_directory_of_a_hostile_name_serves_or_is_refused(folder: str) -> None:
    with state() as uncork:
        hello = copied("hello", uncork.root / "hello")
        done = uncork.run("up", str(hello), "--port", str(uncork.port), "--home", str(uncork.root / folder))
        try:
            if done.code:
                refused(done)
            else:
                assert "text one" in uncork.get().text
                assert uncork.get("/static/hello.css").status == 200
        finally:
            uncork.run("down", "--home", str(uncork.root / folder))
        assert not traces(uncork)


def test_static_folders_of_hostile_names_are_served_exactly(shared: Uncork, project: Path) -> None:
    names = ["with space", "semi;colon{}", "$uri", "quo'te\"d", "%d", "\u4f60\u597d", "a#b", "~tilde", "back\\slash"]
    blueprints = []
    for number, name in enumerate(names):
        (project / name).mkdir()
        (project / name / "a b;{$uri}.txt").write_text(f"file of {number}")
        blueprints.append(
            f"from flask import Blueprint\n"
            f"app.register_blueprint(Blueprint('b{number}', __name__, static_folder={name!r}, "
            f"static_url_path='/s/' + {name!r}))"
        )
    blueprints.append(f"NUMBERS = range({len(names)})")
    blueprints.append("FILE = 'a b;{$uri}.txt'")
    blueprints.append(
        "app.add_url_rule('/urls', view_func=lambda: [url_for(f'b{n}.static', filename=FILE) for n in NUMBERS])"
    )
    with (project / "app.py").open("a") as app:
        app.write("\n".join(blueprints))
    shared.up(project).ok()
    for number, url in enumerate(cast("list[str]", shared.get("/urls").json())):
        assert shared.get(url).text == f"file of {number}", url
    assert not traces(shared)


def test_a_link_out_of_the_project_is_refused_by_its_name(shared: Uncork, project: Path) -> None:
    (project / "static" / "passwd").symlink_to("/etc/passwd")
    done = shared.up(project).ended(2)
    assert "passwd" in done.said


def test_a_file_of_a_hostile_name_in_the_project_is_copied_exactly(shared: Uncork, project: Path) -> None:
    for name in FOLDERS:
        (project / "static" / name).write_text("as it was")
    shared.up(project).ok()
    for name in FOLDERS:
        assert (shared.home / "apps/hello/live/source/static" / name).read_text() == "as it was"


def test_a_file_that_is_none_in_the_project_harms_nothing(shared: Uncork, project: Path) -> None:
    os.mkfifo(project / "pipe")
    done = shared.up(project)
    assert done.code in {0, 2}
    assert "Traceback" not in done.said
    eventually(lambda: shared.get().status == 200)
