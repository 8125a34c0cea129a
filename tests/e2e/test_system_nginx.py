"""The system's nginx as the front: beside somebody's site, which is as it was whatever becomes of ours."""

import json
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from tests.e2e.machine_nginx import MachineNginx, machine_nginx
from tests.e2e.stacks import STACKS, Stack
from tests.e2e.state import Uncork, eventually, free_port, rewrite, state

STACK = next(stack for stack in STACKS if stack.name == "uwsgi-system-nginx")


@pytest.fixture(scope="module")
def stack() -> Stack:
    STACK.needed()
    return STACK


@contextmanager
def on(uncork: Uncork, port: int) -> Iterator[Uncork]:
    """The same state directory, asked on another port."""
    before, uncork.port = uncork.port, port
    try:
        yield uncork
    finally:
        uncork.port = before


@pytest.fixture(scope="module")
def served(stack: Stack) -> Iterator[tuple[Uncork, MachineNginx]]:
    """A state directory whose app the machine's nginx serves, on a port of its own."""
    with state() as uncork, machine_nginx(uncork) as machine:
        uncork.up(stack.project(uncork.root / "hello")).ok()
        yield uncork, machine


@pytest.fixture
def uncork(served: tuple[Uncork, MachineNginx]) -> Uncork:
    return served[0]


@pytest.fixture
def machine(served: tuple[Uncork, MachineNginx]) -> Iterator[MachineNginx]:
    """The machine's nginx; whatever a test did, somebody's site is what it was, and answers."""
    found = served[1]
    theirs = found.theirs.read_bytes()
    yield found
    assert found.theirs.read_bytes() == theirs
    with on(served[0], found.port) as there:
        assert there.get(host="theirs.example").text == "theirs"


@pytest.fixture
def project(uncork: Uncork, stack: Stack) -> Path:
    shutil.rmtree(uncork.root / "hello")
    return stack.project(uncork.root / "hello")


def rotation(uncork: Uncork) -> list[Path]:
    """What the machine's logrotate has of this state directory."""
    folder = Path("/etc/logrotate.d")
    return [path for path in folder.glob("uncork_*") if f"{uncork.home}/" in path.read_text()]


def test_the_site_is_one_file_more_and_answers(uncork: Uncork, machine: MachineNginx) -> None:
    assert uncork.get().text.startswith("release ")
    assert len(machine.sites) == 2
    (config,) = rotation(uncork)
    assert str(machine.root / "nginx.pid") in config.read_text()
    said = uncork.run("status", "--json").ok().json()
    assert said["front_kind"] == "system-nginx"
    assert said["front"] == "running"


def test_a_config_that_nginx_refuses_leaves_every_site_as_it_was(
    uncork: Uncork, machine: MachineNginx, project: Path
) -> None:
    sites, serves = machine.sites, uncork.get().text
    (project / "uncork").mkdir()
    (project / "uncork" / "nginx.server.conf").write_text("nonsense on;\n")
    refused = uncork.up(project).ended(3)
    assert 'unknown directive "nonsense"' in refused.said
    assert machine.sites == sites
    assert uncork.get().text == serves


def test_what_root_would_open_for_a_project_is_refused_before_anything_is_done(
    uncork: Uncork, machine: MachineNginx, project: Path
) -> None:
    sites, target = machine.sites, uncork.root / "taken"
    (project / "uncork").mkdir()
    (project / "uncork" / "nginx.server.conf").write_text(f"error_log {target};\n")
    assert "`error_log`" in uncork.up(project).ended(2).said
    assert "`error_log`" in uncork.run("plan", str(project), "--port", str(uncork.port)).ended(2).said
    assert machine.sites == sites
    assert not target.exists()


def test_on_a_port_that_others_have_a_name_leads_to_the_app_and_all_else_to_them(
    uncork: Uncork, machine: MachineNginx, project: Path
) -> None:
    with on(uncork, machine.port):
        assert "listens on 0.0.0.0" in uncork.up(project).ended(2).said
        moved = uncork.up(project, "--bind", "0.0.0.0", "--json").ok().json()
        assert moved["url"] == f"http://hello.localhost:{machine.port}/"
        assert uncork.get(host="hello.localhost").text.startswith("release ")
        assert uncork.get().text == "theirs"
        assert uncork.run("status", "--json").ok().json()["apps"][0]["url"] == moved["url"]  # type: ignore[index,call-overload]
        rewrite(project / "pyproject.toml", "[tool.uncork]", '[tool.uncork]\ndomains = ["theirs.example"]')
        assert "theirs.example on 0.0.0.0" in uncork.up(project).ended(2).said
    rewrite(project / "pyproject.toml", 'domains = ["theirs.example"]', "")
    uncork.up(project, "--bind", "127.0.0.1").ok()
    assert uncork.get().text.startswith("release ")


def test_visits_are_logged_in_a_folder_of_root_s_rotated_by_the_machine_and_counted_once(
    uncork: Uncork, machine: MachineNginx
) -> None:
    log = uncork.home / "logs" / "access" / "hello.log"
    assert log.parent.stat().st_uid == 0
    assert not log.parent.stat().st_mode & 0o022

    def seen(path: str) -> bool:
        return path in uncork.run("logs", "--only", "access").ok().out

    uncork.get("/before-rotation")
    eventually(lambda: "/before-rotation" in log.read_text())
    (config,) = rotation(uncork)
    command = ("logrotate", "-f", "-s", str(uncork.root / "logrotate.state"), str(config))
    assert not subprocess.run(command, capture_output=True, check=True).stderr
    eventually(lambda: log.stat().st_uid != 0)  # nginx has opened the new one
    uncork.get("/after-rotation")
    eventually(lambda: "/after-rotation" in log.read_text())
    assert "/before-rotation" not in log.read_text()
    assert seen("/before-rotation")
    assert seen("/after-rotation")
    lines = [json.loads(line) for path in log.parent.iterdir() for line in path.read_text().splitlines()]
    eventually(lambda: counted(uncork) == len(lines), within=20)
    assert uncork.get("/?password=x").status
    eventually(lambda: "[redacted]" in log.read_text())
    assert machine.pid


def counted(uncork: Uncork) -> int:
    """The requests that the report of today knows of."""
    said = uncork.run("report", "--json").ok().json()
    return int(said["reports"][0]["figures"]["requests"])  # type: ignore[index,arg-type,call-overload]


def test_after_a_restart_of_nginx_the_site_is_there(uncork: Uncork, machine: MachineNginx, project: Path) -> None:
    machine.stop()
    said = uncork.up(project).ended(2).said
    assert "does not run" in said
    assert "systemctl start nginx" in said
    machine.start()
    assert uncork.get().text.startswith("release ")
    uncork.run("restart").ok()


def test_down_takes_the_site_away_and_start_brings_it_back(uncork: Uncork, machine: MachineNginx) -> None:
    uncork.run("down").ok()
    assert list(machine.sites) == ["theirs"]
    assert not rotation(uncork)
    uncork.run("start").ok()
    assert uncork.get().text.startswith("release ")
    assert len(machine.sites) == 2


def test_an_app_moves_to_the_embedded_nginx_and_back(uncork: Uncork, machine: MachineNginx, project: Path) -> None:
    rewrite(project / "pyproject.toml", '"system-nginx"', '"nginx"')
    uncork.up(project).ok()
    assert uncork.get().text.startswith("release ")
    assert list(machine.sites) == ["theirs"]
    assert not rotation(uncork)
    rewrite(project / "pyproject.toml", '"nginx"', '"system-nginx"')
    (project / "uncork").mkdir()
    (project / "uncork" / "nginx.server.conf").write_text("nonsense on;\n")
    with uncork.load(50) as load:
        uncork.up(project).ended(3)
    assert not load.result.failures
    assert list(machine.sites) == ["theirs"]
    shutil.rmtree(project / "uncork")
    uncork.up(project).ok()
    assert uncork.get().text.startswith("release ")
    assert len(machine.sites) == 2
    assert not (uncork.home / "supervisor" / "programs" / "front.conf").exists()


def test_https_and_maintenance_hold_in_an_older_nginx_too(uncork: Uncork, machine: MachineNginx, project: Path) -> None:
    port = free_port()
    text = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(f'{text}tls = {{kind = "self-signed", hsts = "1h", port = {port}}}\n')
    uncork.up(project).ok()
    secure = ssl.create_default_context(cafile=str(uncork.home / "tls" / "ca.pem"))
    assert secured(port, secure) == (200, "max-age=3600")
    uncork.run("maintenance", "on").ok()
    assert secured(port, secure) == (503, "max-age=3600")
    uncork.run("maintenance", "off").ok()
    assert uncork.get().headers["Location"] == f"https://localhost:{port}/"
    (project / "pyproject.toml").write_text(text)
    uncork.up(project).ok()
    assert uncork.get().text.startswith("release ")
    assert machine.pid


def secured(port: int, context: ssl.SSLContext) -> tuple[int, str]:
    """The status of the first page by HTTPS, and for how long browsers are to come by that alone."""
    connection = HTTPSConnection("localhost", port, context=context, timeout=10)
    try:
        connection.request("GET", "/")
        response = connection.getresponse()
        return response.status, response.headers["Strict-Transport-Security"]
    finally:
        connection.close()


def test_two_state_directories_stand_beside_each_other_and_destroy_leaves_nothing_of_one(
    uncork: Uncork, machine: MachineNginx, stack: Stack
) -> None:
    with state() as other:
        other.env["PATH"] = uncork.env["PATH"]
        other.up(stack.project(other.root / "hello")).ok()
        assert len(machine.sites) == 3
        assert other.get().text.startswith("release 1 ")
        assert uncork.get().text.startswith("release ")
        other.run("destroy", "--app", "hello", "--yes").ok()
        assert len(machine.sites) == 2
        assert not rotation(other)
        assert not list((other.home / "logs" / "access").iterdir())
        assert os.kill(machine.pid, 0) is None
