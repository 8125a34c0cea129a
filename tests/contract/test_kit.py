"""Rendered files, looked at by the programs that they are for: nginx, Apache, systemd, logrotate, and uWSGI started."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.test_nginx_configs import holes
from tests.e2e.state import eventually
from tests.unit.recipes.kits import LOCK, START, everything, kit
from uncork.machine import processes, sockets, tools
from uncork.recipes.kit.files import files
from uncork.recipes.kit.kit import APACHE, MACHINE, SYSTEMD, WINDOWS, Kit
from uncork.serving import Protocol

MODULES = Path("/usr/lib/apache2/modules")
APP = """
application = lambda environ, start: (start("200 OK", []), [b"hello from " + environ["PATH_INFO"].encode()])[1]
"""
MADE = (kit, everything)
LEAST_EXPOSED = 1.5


def written(made: Kit) -> Path:
    """All files of a kit at their place, and the folders that its README has one make."""
    for file in files(made, START, LOCK):
        file.path.parent.mkdir(parents=True, exist_ok=True)
        file.path.write_text(file.content)
    for name in ("logs", "run", "instance", "source/shop/static", "venv/bin"):
        (made.at / name).mkdir(parents=True, exist_ok=True)
    (made.at / "source" / "admins").touch()
    for program in ("python", "uwsgi"):
        (made.at / "venv" / "bin" / program).write_text("#!/bin/sh\n")
        (made.at / "venv" / "bin" / program).chmod(0o755)
    return made.at


def pair(folder: Path) -> None:
    """A certificate for names that nobody has."""
    import trustme

    made = trustme.CA().issue_cert("shop.example.com")
    made.private_key_pem.write_to_path(folder / "shop.key")
    made.cert_chain_pems[0].write_to_path(folder / "shop.pem")


def ok(*argv: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=cwd, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def nginxes() -> list[str]:
    system = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    return [tools.nginx(), *([system] if system else [])]


@pytest.mark.parametrize("nginx", nginxes(), ids=lambda path: "system" if path.startswith("/usr") else "wheel")
@pytest.mark.parametrize("server", ["uwsgi", "waitress"])
def test_nginx_takes_the_site(tmp_path: Path, nginx: str, server: str) -> None:
    for make in MADE:
        at = written(make(server, MACHINE, at=tmp_path / make.__name__))
        pair(at)
        said = ok(nginx, "-t", "-e", "stderr", "-c", at / "nginx.conf")
        assert "warn" not in said, said


def test_gixy_finds_no_hole_in_what_nginx_is_given(tmp_path: Path) -> None:
    made = [make(s, MACHINE, at=tmp_path / f"{s}-{make.__name__}") for s in ("uwsgi", "waitress") for make in MADE]

    assert holes([written(one) / "nginx.conf" for one in made]) == []


@pytest.mark.parametrize("server", ["uwsgi", "waitress", "mod_wsgi"])
def test_apache_takes_the_site(tmp_path: Path, server: str) -> None:
    apache = shutil.which("apache2", path="/usr/sbin:/usr/bin")
    if not apache or not (MODULES / "mod_wsgi.so").exists():
        pytest.skip("there is no apache2 with mod_wsgi here: apt install apache2 libapache2-mod-wsgi-py3")
    needed = "mpm_event authz_core authz_host authz_user authn_core authn_file auth_basic alias headers ssl"
    needed += " socache_shmcb proxy proxy_http proxy_uwsgi wsgi"
    loads = "".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so\n" for name in needed.split())
    for make in MADE:
        at = written(make(server, APACHE, at=tmp_path / make.__name__))
        pair(at)
        main = f"ServerRoot {at}\nServerName localhost\nPidFile run/pid\nErrorLog logs/all.log\n{loads}"
        (at / "main.conf").write_text(f"{main}Include {at / 'apache.conf'}\n")
        ok(apache, "-t", "-f", at / "main.conf")


@pytest.mark.parametrize("server", ["uwsgi", "gunicorn", "granian", "waitress"])
def test_systemd_takes_the_units_and_finds_little_exposed(tmp_path: Path, server: str) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze here: apt install systemd")
    at = written(kit(server, SYSTEMD, at=tmp_path / "a place"))

    said = ok("systemd-analyze", "verify", at / "shop.service", at / "shop.socket")
    assert "shop" not in said, said
    exposure = ok("systemd-analyze", "security", "--offline=true", "--no-pager", at / "shop.service")
    assert float(exposure.partition("Overall exposure level for shop.service: ")[2].split()[0]) <= LEAST_EXPOSED


def test_what_is_for_windows_is_python_that_starts_here_too(tmp_path: Path) -> None:
    at = written(kit("waitress", WINDOWS, at=tmp_path / "win"))

    compile((at / "serve.py").read_text(), "serve.py", "exec")
    assert f"WSGIScriptAlias / {at}/run.py " in (at / "httpd.conf").read_text()
    assert "SOCKET = '127.0.0.1:8000'" in (at / "serve.py").read_text()


@pytest.fixture
def short(place: Path) -> Iterator[Path]:
    """A folder whose path is short enough for sockets, and that the account which serves owns."""
    folder = place / "kit"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("target", [MACHINE, SYSTEMD, APACHE])
def test_logrotate_takes_its_config(short: Path, target: str) -> None:
    account = processes.account()
    if not shutil.which("logrotate") or not account:
        pytest.skip("there is no logrotate here, or no root to run it: apt install logrotate")
    at = written(kit("uwsgi", target, at=short))
    (at / "logs" / "server.log").write_text("a line\n")
    subprocess.run(("chown", "-R", f"{account.name}:{account.group}", str(at / "logs")), check=True)

    said = ok("logrotate", "--debug", "--state", at / "state", at / "logrotate.conf")
    assert "considering log" in said
    assert "error" not in said, said


@pytest.mark.parametrize("form", ["ini", "xml", "yaml", "json"])
def test_uwsgi_starts_on_each_format_and_goes_by_its_pid_file(short: Path, uwsgi_binary: str, form: str) -> None:
    made = kit("uwsgi", MACHINE, form, at=short)
    at = written(made)
    shutil.rmtree(at / "venv")
    (at / "venv").symlink_to(Path(uwsgi_binary).parents[1])
    (at / "run.py").write_text(APP)
    account = processes.account()
    if account:
        subprocess.run(("chown", "-R", f"{account.uid}:{account.gid}", str(at)), check=True)
    identity = {"user": account.uid, "group": account.gid, "extra_groups": ()} if account else {}
    subprocess.run(made.command, cwd=at, check=True, timeout=30, capture_output=True, **identity)  # type: ignore[call-overload]
    pid = at / "run" / "server.pid"
    try:
        eventually(lambda: answers(at) and ready(at, 1))
        if form == "ini":
            subprocess.run(f"kill -HUP $(cat {pid})", shell=True, check=True)
            eventually(lambda: ready(at, 2) and answers(at))
    finally:
        subprocess.run(f"kill -TERM $(cat {pid})", shell=True, check=True)
        eventually(lambda: not pid.exists())
    assert "goodbye to uWSGI" in log(at)


def answers(at: Path) -> bool:
    try:
        said = sockets.ask(at / "run" / "app.sock", "/x", Protocol.UWSGI, "localhost", 5.0)
    except OSError:
        return False
    return said.body == b"hello from /x"


def ready(at: Path, times: int) -> bool:
    """Whether the master, which began so many times, hears signals."""
    return log(at).count('"unix_signal:28 uwsgi_setup_log" (master-start)') == times


def log(at: Path) -> str:
    path = at / "logs" / "server.log"
    return path.read_text() if path.exists() else ""
