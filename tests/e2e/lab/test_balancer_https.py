"""HTTPS that ends at a balancer: certificates of a CA that speaks ACME, of one's own, and none, under load."""

import http.client
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, cast

import pytest
import trustme

from tests.e2e.lab.bridge import Lab
from tests.e2e.lab.ca import Authority, authority
from tests.e2e.lab.client import Client
from tests.e2e.lab.client import client as made
from tests.e2e.lab.conftest import booted
from tests.e2e.lab.machines import Machine
from tests.e2e.state import Done, Json, copied, rewrite
from tests.load.client import Load, Schedule

NAME: Final = "shop.test"
NAMES: Final = """[tool.uncork]
domains = ["{name}", "www.{name}"]
{tls}
"""
TARGET: Final = """
[tool.uncork.targets.production]
hosts = ["{first}", "{second}"]
{more}
[tool.uncork.targets.production.balancer]
host = "{balancer}"
"""
TLS: Final = "/var/lib/uncork/balancers/hello/tls"
WORKERS: Final = "pgrep --parent $(cat /run/nginx.pid)"
LISTENS: Final = "ss -Hltn sport = :443 | grep ."


@dataclass
class Answer:
    """What a visitor gets."""

    status: int
    headers: list[tuple[str, str]]
    text: str

    def of(self, name: str) -> list[str]:
        """The values of a header field, one for each time it is there."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass
class Behind:
    """The app `hello` on two machines, and a balancer before them that answers HTTPS."""

    client: Client
    balancer: Machine
    hosts: tuple[Machine, ...]
    project: Path
    plain: str
    text: str = "one"

    def run(self, *args: str) -> Done:
        return self.client.run(*args, cwd=self.project)

    def there(self, *args: str) -> Done:
        """Run a verb on the balancer's machine."""
        return self.run(args[0], "--host", self.balancer.name, *args[1:])

    def deploy(self, text: str) -> Done:
        rewrite(self.project / "app.py", f'"{self.text}"', f'"{text}"')
        self.text = text
        return self.run("deploy").ok()

    def secure(self, tls: str, more: str = "") -> None:
        """Have the config say this of HTTPS, and of the target."""
        first, second = (host.name for host in self.hosts)
        own = self.plain.replace("[tool.uncork]\n", NAMES.format(name=NAME, tls=tls), 1)
        target = TARGET.format(first=first, second=second, more=more, balancer=self.balancer.name)
        (self.project / "pyproject.toml").write_text(own + target)

    def status(self) -> Json:
        return cast("Json", json.loads(self.balancer.sh("uncork status --json")))

    def troubles(self) -> list[str]:
        return [str(cast("Json", one)["what"]) for one in cast("list[object]", self.status()["troubles"])]

    def get(self, path: str = "/", trusted: Path | None = None, name: str = NAME) -> Answer:
        """Ask the balancer; by HTTPS, if a CA is trusted."""
        connection = http.client.HTTPConnection(self.balancer.address, 443 if trusted else 80, timeout=10)
        if trusted:
            connection.sock = self.shaken(trusted, name)
        connection.request("GET", path, headers={"Host": name})
        response = connection.getresponse()
        answer = Answer(response.status, response.getheaders(), response.read().decode())
        connection.close()
        return answer

    def shaken(self, trusted: Path, name: str = NAME, *protocols: str) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=str(trusted))
        if protocols:
            context.set_alpn_protocols(protocols)
        plain = socket.create_connection((self.balancer.address, 443), timeout=10)
        return context.wrap_socket(plain, server_hostname=name)

    def shown(self, trusted: Path) -> bytes:
        """The certificate that visitors are shown who trust that CA alone."""
        with self.shaken(trusted) as secure:
            return secure.getpeercert(binary_form=True) or b""

    def load(self, ca: Authority) -> Load:
        return Load(Schedule(443, 50, host=self.balancer.address, name=NAME, authority=str(ca.root)))


@pytest.fixture(scope="module")
def machines(lab: Lab, set_up: Path) -> Iterator[tuple[Machine, ...]]:
    with booted(lab, set_up, count=3) as found:
        yield found


@pytest.fixture(scope="module")
def ca(lab: Lab, machines: tuple[Machine, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authority(lab.bridge, machines[0], tmp_path_factory.mktemp("ca")) as found:
        yield found


@pytest.fixture(scope="module")
def behind(
    lab: Lab, machines: tuple[Machine, ...], ca: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Behind]:
    """The app, as it is before its first deploy."""
    with made(lab, tmp_path_factory.mktemp("behind") / "home") as user:
        project = copied("hello", user.home / "hello")
        found = Behind(user, machines[0], machines[1:], project, (project / "pyproject.toml").read_text())
        found.secure(acme(ca))
        yield found


def acme(ca: Authority) -> str:
    return f'tls = {{ kind = "acme", server = "{ca.url}", hsts = "30d" }}'


def test_until_the_first_certificate_is_there_it_answers_http_and_both_deploy_and_status_say_why(
    behind: Behind, ca: Authority
) -> None:
    ca.stop()
    done = behind.deploy("two")
    assert f"the balancer has no certificate yet, and is served over HTTP: the CA at {ca.url}" in done.said, done.said
    assert behind.get().status == 200
    (trouble,) = behind.troubles()
    assert trouble.startswith(f"its balancer has no certificate yet: the CA at {ca.url} can't be reached")
    (told,) = cast("list[Json]", behind.status()["balancers"])
    assert (told["app"], told["certificate"]) == ("hello", {"names": [], "ends": None})
    assert behind.balancer.tried("systemctl start uncork-renew.service").code == 1


def test_the_next_deploy_gets_it_and_visitors_come_by_https_alone(behind: Behind, ca: Authority) -> None:
    ca.start()
    done = behind.deploy("three")
    assert f"the balancer's certificate is for {NAME}, www.{NAME}, until " in done.said, done.said
    assert behind.troubles() == []
    assert "certificate of the balancer of hello: until " in behind.there("status").ok().out

    answer = behind.get("/about", ca.root)
    assert answer.status == 200
    assert json.loads(answer.text)["url"] == f"https://{NAME}/about"
    assert answer.of("Strict-Transport-Security") == ["max-age=2592000"]
    assert behind.get("/", ca.root, f"www.{NAME}").status == 200
    led = behind.get("/a?b=c")
    assert (led.status, led.of("Location")) == (308, [f"https://{NAME}/a?b=c"])
    assert behind.get("/.well-known/acme-challenge/none").status == 404
    with behind.shaken(ca.root, NAME, "h2") as secure:
        assert secure.selected_alpn_protocol() == "h2"
    assert [host.tried(LISTENS).code for host in behind.hosts] == [1, 1]


def test_nobody_but_root_can_use_the_key_and_none_is_told_anywhere(behind: Behind) -> None:
    modes = behind.balancer.sh(f"stat -c '%a %U' {TLS}/acme.passphrase {TLS}/acme.pem").splitlines()
    assert modes == ["600 root", "644 root"]
    assert behind.balancer.tried(f"cat {TLS}/acme.pem", "nobody").code != 0
    assert "Proc-Type: 4,ENCRYPTED" in behind.balancer.sh(f"grep -A1 'PRIVATE KEY' {TLS}/acme.pem")
    passphrase = behind.balancer.sh(f"cat {TLS}/acme.passphrase").strip()
    assert behind.balancer.tried(f"grep -r {passphrase} /var/log /etc").code == 1


def test_deploys_under_load_by_https_lose_no_request_and_reload_nothing(
    behind: Behind, ca: Authority, figures: Callable[[str], None]
) -> None:
    workers = behind.balancer.sh(WORKERS)
    with behind.load(ca) as load:
        for number in range(3):
            behind.deploy(f"under load {number}")
    figures(f"3 deploys to two machines under HTTPS: {load.result}")
    assert not load.result.failures, load.result
    assert behind.balancer.sh(WORKERS) == workers


def test_a_renewal_under_load_loses_no_request(behind: Behind, ca: Authority, figures: Callable[[str], None]) -> None:
    before, workers = behind.shown(ca.root), behind.balancer.sh(WORKERS)
    with behind.load(ca) as load:
        for _ in range(3):
            behind.there("renew", "--force").ok()
    figures(f"3 renewals at a balancer under HTTPS: {load.result}")
    assert not load.result.failures, load.result
    assert load.result.sent > 200
    assert behind.shown(ca.root) != before
    assert behind.balancer.sh(WORKERS) == workers


def make_due(behind: Behind) -> None:
    """What can't be unlocked any more is as good as ended."""
    behind.balancer.sh(
        "cd /var/lib/uncork/balancers/hello && rm tls/acme.passphrase && "
        'sed -i \'s/"ends": [0-9.e]*/"ends": 1/\' certificate.json'
    )


def test_the_timer_of_its_machine_renews_what_is_due(behind: Behind, ca: Authority) -> None:
    before = behind.shown(ca.root)
    behind.balancer.sh("systemctl start uncork-renew.service")
    assert behind.shown(ca.root) == before
    make_due(behind)
    behind.balancer.sh("systemctl start uncork-renew.service")
    assert behind.shown(ca.root) != before
    assert behind.get("/", ca.root).status == 200


def test_a_ca_that_refuses_is_told_by_status_and_audit_and_visitors_keep_what_they_had(
    behind: Behind, ca: Authority
) -> None:
    before = behind.shown(ca.root)
    ca.stop()
    failed = behind.there("renew", "--force").ended(1)
    assert f"the CA at {ca.url} can't be reached" in failed.said
    (trouble,) = behind.troubles()
    assert trouble.startswith("its balancer has no new certificate, and keeps the one until ")
    lines = [line for line in behind.balancer.sh("uncork audit").splitlines() if "the balancer's certificate" in line]
    assert [word in line for word, line in zip((" ok ", " failed "), lines[-2:], strict=True)] == [True, True]
    assert behind.shown(ca.root) == before
    ca.start()
    behind.there("renew").ok()
    assert behind.troubles() == []


def test_a_certificate_of_the_projects_own_goes_to_the_balancer_and_its_key_nowhere_else(
    behind: Behind, tmp_path: Path
) -> None:
    own = trustme.CA()
    issued = own.issue_cert(NAME, f"www.{NAME}")
    key = issued.private_key_pem.bytes()
    (behind.project / "shop.pem").write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    (behind.project / "shop.key").write_bytes(key)
    own.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    behind.secure('tls = { cert = "shop.pem", key = "shop.key" }')
    done = behind.deploy("own")
    assert behind.get("/", tmp_path / "ca.pem").status == 200
    assert behind.balancer.sh(f"stat -c '%a %U' {TLS}/given.pem").strip() == "600 root"
    assert behind.there("renew").ok().out == 'no app, and no balancer, here has `tls = "acme"`\n'
    line = key.decode().splitlines()[1]
    assert line not in done.said
    assert [host.tried(f"grep -rF -e '{line}' /var/lib/uncork /var/log").code for host in behind.hosts] == [1, 1]
    assert behind.balancer.tried(f"grep -rF -e '{line}' /var/log /etc").code == 1


def test_the_local_ca_of_its_machine_makes_one(behind: Behind, tmp_path: Path) -> None:
    behind.secure('tls = "self-signed"')
    done = behind.deploy("self-signed")
    assert "the balancer: its certificate is signed by the local CA in /var/lib/uncork/tls/ca.pem" in done.said
    (tmp_path / "ca.pem").write_text(behind.balancer.sh("cat /var/lib/uncork/tls/ca.pem"))
    assert behind.get("/", tmp_path / "ca.pem").status == 200


def test_a_target_that_drops_https_gives_the_port_back_and_one_that_has_it_again_is_served_at_once(
    behind: Behind, ca: Authority
) -> None:
    behind.secure("")
    behind.deploy("plain")
    assert behind.get().status == 200
    assert behind.balancer.tried(LISTENS).code == 1
    behind.secure(acme(ca))
    done = behind.deploy("again")
    assert "its certificate" not in done.said, "it has one that is good"
    behind.balancer.sh(LISTENS)
    behind.there("renew", "--force").ok()  # since it began again the CA signs by another root
    assert behind.get("/", ca.root).status == 200


def test_destroying_the_app_takes_all_of_it_away(behind: Behind) -> None:
    behind.run("destroy", "--yes").ok()
    assert behind.balancer.sh("ls /var/lib/uncork/balancers").strip() == ""
    assert "uncork" not in behind.balancer.sh("ls /etc/nginx/sites-enabled")
    assert behind.balancer.tried(LISTENS).code == 1
    behind.balancer.sh("nginx -t -q && systemctl start uncork-renew.service")


def test_a_balancer_on_one_of_the_hosts_has_the_ports_of_the_web_where_the_app_has_another(
    behind: Behind, tmp_path: Path
) -> None:
    here = replace(behind, balancer=behind.hosts[0])
    here.secure('tls = "self-signed"', "port = 8000")
    here.deploy("beside it")
    (tmp_path / "ca.pem").write_text(here.balancer.sh("cat /var/lib/uncork/tls/ca.pem"))
    assert json.loads(here.get("/about", tmp_path / "ca.pem").text)["url"] == f"https://{NAME}/about"
    assert here.get("/").status == 308
    here.deploy("again beside it")
    assert here.get("/", tmp_path / "ca.pem").status == 200
