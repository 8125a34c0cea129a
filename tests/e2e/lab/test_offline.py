"""A machine that reaches no package index: what it needs is sent, once; what can't be sent is told."""

import hashlib
import json
import platform
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.lab.bridge import Lab
from tests.e2e.lab.client import client as made
from tests.e2e.lab.conftest import booted
from tests.e2e.lab.site import Site
from tests.e2e.lab.tree import differences
from tests.e2e.state import copied

TARGET = '\n[tool.uncork.targets.production]\nhosts = ["{host}"]\nwheels = "send"\n'
KIND = platform.machine()
HEADER = "# system configuration generated and used by the sysconfig module\n"
NOBODY = '[[index]]\\nurl = "http://127.0.0.1:9/simple/"\\ndefault = true\\n'


@pytest.fixture(scope="module")
def offline(lab: Lab, set_up: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The project `hello`, deployed to a machine whose index answers nobody."""
    with ExitStack() as stack:
        (machine,) = stack.enter_context(booted(lab, set_up))
        client = stack.enter_context(made(lab, tmp_path_factory.mktemp("offline") / "home"))
        machine.sh(f"printf '{NOBODY}' > /etc/uv/uv.toml")
        project = copied("hello", client.home / "hello")
        with (project / "pyproject.toml").open("a") as config:
            config.write(TARGET.format(host=machine.name))
        found = Site(client, machine, project)
        found.deploy().ok()
        yield found


def wheels(site: Site) -> set[str]:
    """What was sent so far."""
    return set(site.machine.sh("ls /var/lib/uncork/wheels").split())


def require(site: Site, requirement: str) -> None:
    with (site.project / "requirements.txt").open("a") as file:
        file.write(f"{requirement}\n")


def test_it_serves_an_app_with_a_server_that_were_never_asked_for_there(offline: Site) -> None:
    assert offline.healthy()
    assert {name.partition("-")[0] for name in wheels(offline)} >= {"flask", "werkzeug", "pyuwsgi"}


def test_what_one_dependency_more_takes_is_all_that_is_sent_then(offline: Site) -> None:
    before = wheels(offline)
    require(offline, "humanize==4.9.0")
    told = offline.deploy().ok().said
    assert wheels(offline) - before == {"humanize-4.9.0-py3-none-any.whl"}
    assert f"had {len(before)} of {len(before) + 1} packages" in told

    offline.change("two")
    assert "packages" not in offline.deploy().ok().said
    assert offline.healthy()


def test_what_has_no_wheel_is_told_and_visitors_stay_where_they_are(offline: Site) -> None:
    kept = (offline.project / "requirements.txt").read_text()
    require(offline, "docopt==0.6.2")
    refused = offline.deploy().ended(2)
    assert f"sent to {offline.machine.name}: docopt 0.6.2 (there is no wheel of it that fits)" in refused.err
    assert offline.healthy()
    (offline.project / "requirements.txt").write_text(kept)


def test_a_python_that_it_lacks_is_named_before_anything_is_copied_and_sent_by_a_command(offline: Site) -> None:
    with (offline.project / "pyproject.toml").open("a") as config:
        config.write('\n[project]\nname = "hello"\nversion = "1"\nrequires-python = ">=3.12,<3.13"\n')
    refused = offline.deploy().ended(2)
    assert "no Python here is >=3.12,<3.13; there is 3.11" in refused.err
    assert "uncork server python 3.12 HOST" in refused.err
    assert offline.healthy()

    offline.client.env["UV_PYTHON_DOWNLOADS_JSON_URL"] = str(python(offline.client.home, "3.12.99"))
    offline.client.run("server", "python", "3.12", offline.machine.name).ok()
    there = f"/var/lib/uncork/pythons/cpython-3.12.99-linux-{KIND}-gnu"
    assert offline.machine.sh(f"{there}/bin/python3.12 -V").strip() == "Python 3.12.99"
    assert offline.machine.sh(f"stat -c '%U %a' {there}/bin/python3.12").strip() == "root 755"
    before = offline.machine.tree()
    offline.client.run("server", "python", "3.12", offline.machine.name).ok()
    assert not [line for line in differences(before, offline.machine.tree()) if "/pythons/" in line]


def python(folder: Path, version: str) -> Path:
    """Make what says of itself that it is that version of Python, and return where uv is to look for it."""
    made = folder / "made" / "python" / "bin"
    made.mkdir(parents=True)
    script = made / f"python{version.rpartition('.')[0]}"
    script.write_text(f'#!/bin/sh\n[ "$1" = -V ] && echo Python {version} || exec /usr/bin/python3 "$@"\n')
    script.chmod(0o755)
    (made / "python3").symlink_to(script.name)
    library = made.parent / "lib" / script.name
    library.mkdir(parents=True)
    settings = library / "_sysconfigdata__linux_x86_64-linux-gnu.py"
    settings.write_text(f"{HEADER}build_time_vars = {{}}\n")  # uv edits it
    archive = folder / f"cpython-{version}-{KIND}-unknown-linux-gnu-install_only.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(made.parent, "python")
    major, minor, patch = map(int, version.split("."))
    told = {
        "name": "cpython", "arch": {"family": KIND, "variant": None}, "os": "linux", "libc": "gnu",
        "major": major, "minor": minor, "patch": patch, "prerelease": "", "variant": None, "build": "1",
        "url": archive.as_uri(), "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
    }  # fmt: skip
    listed = folder / "pythons.json"
    listed.write_text(json.dumps({f"cpython-{version}-linux-{KIND}-gnu": told}))
    return listed
