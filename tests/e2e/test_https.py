"""HTTPS: switched on under load, given certificates, and ports that only root may have."""

import os
import shutil
import signal
import socket
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from http.client import HTTPSConnection
from pathlib import Path

import pytest
import trustme

from tests.e2e.state import Uncork, copied, eventually, free_port, rewrite, state
from tests.load.client import GET


@pytest.fixture(scope="module")
def served() -> Iterator[Uncork]:
    """A state directory with `hello` deployed, by HTTP."""
    with state() as uncork:
        uncork.up(copied("hello", uncork.root / "hello")).ok()
        yield uncork


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture
def project(served: Uncork) -> Path:
    """The project as it was at first."""
    shutil.rmtree(served.root / "hello")
    return copied("hello", served.root / "hello")


def secure(project: Path, port: int, *lines: str) -> Path:
    file = project / "pyproject.toml"
    file.write_text("\n".join((file.read_text(), "[tool.uncork.tls]", f"port = {port}", *lines, "")))
    return project


def given(project: Path, port: int, **more: datetime) -> Path:
    """The project with a certificate of its own, for one day if nothing else is said."""
    issued = trustme.CA().issue_cert("localhost", **more)
    issued.cert_chain_pems[0].write_to_path(str(project / "site.pem"))
    issued.private_key_pem.write_to_path(str(project / "site.key"))
    return secure(project, port, 'cert = "site.pem"', 'key = "site.key"')


def shown(port: int) -> str:
    """The certificate that visitors are shown."""
    return ssl.get_server_certificate(("127.0.0.1", port), timeout=10)


def answered(port: int, authority: Path) -> str:
    """The first page, to somebody who trusts that CA alone."""
    context = ssl.create_default_context(cafile=str(authority))
    connection = HTTPSConnection("localhost", port, timeout=10, context=context)
    connection.request("GET", "/")
    body = connection.getresponse().read().decode()
    connection.close()
    return body


def fronts(uncork: Uncork) -> list[int]:
    return [pid for pid, argv in uncork.processes().items() if argv.startswith("nginx: master")]


def test_https_is_switched_on_without_a_lost_request(served: Uncork, project: Path, port: int) -> None:
    before = fronts(served)
    with served.load(100, (GET,)) as load:
        done = served.up(secure(project, port, 'kind = "self-signed"', "redirect = false")).ok()
    assert not load.result.failures, load.result
    assert fronts(served) == before
    assert done.out.splitlines()[-1] == f"https://127.0.0.1:{port}/"
    authority = served.home / "tls" / "ca.pem"
    assert f"curl: --cacert {authority}" in done.said
    assert answered(port, authority).startswith("release 2 ")
    assert served.app()["url"] == f"https://127.0.0.1:{port}/"


def test_the_next_deploy_shows_the_same_certificate_and_sends_visitors_to_it(
    served: Uncork, project: Path, port: int
) -> None:
    before = shown(port)
    served.up(secure(project, port, 'kind = "self-signed"')).ok()
    assert shown(port) == before
    reply = served.get("/about?x=1")
    assert (reply.status, reply.headers["Location"]) == (308, f"https://localhost:{port}/about?x=1")


@pytest.mark.parametrize("verb", ["plan", "up"])
def test_a_certificate_that_nobody_would_take_is_refused_before_anything_is_done(
    served: Uncork, project: Path, port: int, verb: str
) -> None:
    given(project, port)
    trustme.CA().issue_cert("localhost").private_key_pem.write_to_path(str(project / "site.key"))
    before = served.files()
    assert "is not that of the certificate" in served.run(verb, str(project)).ended(2).said
    assert {path for path in before if "/releases/" in path} == {p for p in served.files() if "/releases/" in p}


def test_a_given_certificate_is_shown_until_another_is_given(served: Uncork, project: Path, port: int) -> None:
    soon = datetime.now(timezone.utc) + timedelta(days=5)
    served.up(given(project, port, not_after=soon)).ok()
    first = (project / "site.pem").read_text()
    assert shown(port).split() == first.split()
    (trouble,) = served.listed("status", "troubles")
    assert str(trouble["what"]).startswith(f"its certificate ends at {soon:%Y-%m-%d}")
    source = served.home / "apps" / "hello" / "live" / "source"
    assert (source / "site.pem").exists()
    assert not (source / "site.key").exists()

    (project / "pyproject.toml").write_text((project / "pyproject.toml").read_text().partition("[tool.uncork.tls]")[0])
    rewrite(given(project, port) / "app.py", 'TEXT = "one"', "raise RuntimeError")
    served.up(project).ended(3)
    assert shown(port).split() == first.split()
    rewrite(project / "app.py", "raise RuntimeError", 'TEXT = "one"')
    served.up(project).ok()
    assert shown(port).split() == (project / "site.pem").read_text().split()


def test_a_release_without_https_takes_the_port_away_and_one_with_it_brings_it_back(served: Uncork, port: int) -> None:
    served.run("rollback", "1").ok()
    assert served.get().status == 200
    with pytest.raises(OSError, match="refused"):
        shown(port)
    assert str(served.run("rollback", "2").ok().out).splitlines()[-1] == f"https://127.0.0.1:{port}/"
    assert answered(port, served.home / "tls" / "ca.pem").startswith("release 2 ")


def test_https_is_back_when_nginx_was_killed(served: Uncork, port: int) -> None:
    """Workers that a killed master leaves hold its port until they are told to go."""
    (master,) = fronts(served)
    os.kill(master, signal.SIGKILL)
    eventually(lambda: fronts(served) not in ([], [master]))
    eventually(lambda: answers(port))
    assert answered(port, served.home / "tls" / "ca.pem").startswith("release 2 ")


def answers(port: int) -> bool:
    try:
        return bool(shown(port))
    except OSError:
        return False


def test_a_port_that_somebody_has_is_refused_by_name(served: Uncork, project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        said = served.up(secure(project, taken, 'kind = "self-signed"')).ended(2).said
    assert f"port {taken} is taken by pid {os.getpid()}" in said
    assert "[tool.uncork.tls]" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may listen on a port below 1024")
def test_root_has_port_443_and_nginx_is_still_not_root(served: Uncork, project: Path) -> None:
    low = next(port for port in range(500, 1023) if _is_free(port))
    served.up(secure(project, low, 'kind = "self-signed"')).ok()
    assert answered(low, served.home / "tls" / "ca.pem").startswith("release ")
    (master,) = fronts(served)
    status = Path(f"/proc/{master}/status").read_text()
    assert status.partition("Uid:")[2].split()[0] != "0"
    assert int(status.partition("CapEff:")[2].split()[0], 16) == 1 << 10  # CAP_NET_BIND_SERVICE


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
