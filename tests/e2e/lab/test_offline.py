"""A machine that reaches no package index: what it needs is sent, once; what can't be sent is told."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.lab.bridge import Lab
from tests.e2e.lab.client import client as made
from tests.e2e.lab.conftest import booted
from tests.e2e.lab.site import Site
from tests.e2e.state import Done, copied

TARGET = '\n[tool.uncork.targets.production]\nhosts = ["{host}"]\nwheels = "send"\n'
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
        deploy(found).ok()
        yield found


def deploy(site: Site) -> Done:
    """Deploy to the one target that the project has."""
    return site.client.run("deploy", cwd=site.project)


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
    told = deploy(offline).ok().said
    assert wheels(offline) - before == {"humanize-4.9.0-py3-none-any.whl"}
    assert f"had {len(before)} of {len(before) + 1} packages" in told

    offline.change("two")
    assert "packages" not in deploy(offline).ok().said
    assert offline.healthy()


def test_what_has_no_wheel_is_told_and_visitors_stay_where_they_are(offline: Site) -> None:
    kept = (offline.project / "requirements.txt").read_text()
    require(offline, "docopt==0.6.2")
    refused = deploy(offline).ended(2)
    assert f"sent to {offline.machine.name}: docopt 0.6.2 (there is no wheel of it that fits)" in refused.err
    assert offline.healthy()
    (offline.project / "requirements.txt").write_text(kept)
