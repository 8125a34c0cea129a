"""Certificates of a CA that speaks ACME, on a machine: got, renewed under load, and told of where they are not."""

import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from tests.e2e.lab.bridge import Lab
from tests.e2e.lab.ca import Authority, authority
from tests.e2e.lab.client import client as made
from tests.e2e.lab.conftest import booted
from tests.e2e.lab.machines import Machine
from tests.e2e.lab.site import Site
from tests.e2e.state import copied, eventually
from tests.integration.alerts.servers import Inbox
from tests.load.client import Load, Schedule

NAME = "shop.test"
CONFIG = """
domains = ["{name}", "www.{name}"]
tls = {{ kind = "acme", server = "{server}", email = "admin@{name}", redirect = false }}
mail = {{ server = "{mail}", port = {port}, default_sender = "shop@{name}", admins = ["admin@{name}"] }}
"""


@pytest.fixture(scope="module")
def machine(lab: Lab, set_up: Path) -> Iterator[Machine]:
    with booted(lab, set_up) as (machine,):
        yield machine


@pytest.fixture(scope="module")
def ca(lab: Lab, machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authority(lab.bridge, machine, tmp_path_factory.mktemp("ca")) as found:
        yield found


@pytest.fixture(scope="module")
def inbox(lab: Lab) -> Iterator[Inbox]:
    """Where the administrators of the app get their mail."""
    box = Inbox()
    controller = Controller(box, hostname=lab.bridge, port=2525)
    controller.start()
    yield box
    controller.stop()


@pytest.fixture(scope="module")
def shop(lab: Lab, machine: Machine, ca: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The app, as it is before its first deploy."""
    with made(lab, tmp_path_factory.mktemp("client") / "home") as user:
        found = Site(user, machine, copied("hello", user.home / "hello"))
        config = found.project / "pyproject.toml"
        said = CONFIG.format(name=NAME, server=ca.url, mail=lab.bridge, port=2525)
        config.write_text(config.read_text().replace("[tool.uncork]", f"[tool.uncork]{said}", 1))
        yield found


def shown(shop: Site, ca: Authority, name: str = NAME) -> str:
    """The certificate that visitors are shown, who trust the CA alone."""
    context = ssl.create_default_context(cafile=str(ca.root))
    plain = socket.create_connection((shop.machine.address, 443), timeout=10)
    with plain, context.wrap_socket(plain, server_hostname=name) as secure:
        return ssl.DER_cert_to_PEM_cert(secure.getpeercert(binary_form=True) or b"")


def troubles(shop: Site) -> list[str]:
    return [str(one["what"]) for one in json.loads(shop.machine.sh("uncork status --json"))["troubles"]]


def test_until_the_first_certificate_is_there_the_app_is_served_by_http_and_status_says_why(
    shop: Site, ca: Authority
) -> None:
    ca.stop()
    done = shop.deploy().ok()
    assert f"it has no certificate yet, and is served over HTTP: the CA at {ca.url} can't be reached" in done.said
    assert shop.get().status == 200
    (trouble,) = troubles(shop)
    assert trouble.startswith(f"it has no certificate yet: the CA at {ca.url} can't be reached")
    assert shop.status()["certificate"] == {"names": [], "ends": None}


def test_the_next_deploy_gets_it_and_https_is_there_when_it_ends(shop: Site, ca: Authority) -> None:
    ca.start()
    shop.change("two")
    done = shop.deploy().ok()
    assert f"its certificate is for {NAME}, www.{NAME}, until " in done.said, done.said
    assert done.out.splitlines()[-1] == f"https://{NAME}/"
    assert shown(shop, ca) == shown(shop, ca, f"www.{NAME}")
    assert troubles(shop) == []
    assert "renewed by itself" in shop.run("status").ok().out


def test_nobody_but_root_has_the_key_of_a_certificate_nor_anybody_else_that_of_the_account(shop: Site) -> None:
    tls, accounts = "/var/lib/uncork/apps/hello/tls", "/var/lib/uncork/acme"
    modes = shop.machine.sh(f"stat -c '%a %U' {tls}/acme.passphrase {accounts} {accounts}/*.pem").splitlines()
    assert modes == ["600 root", "700 uncork", "600 uncork"]
    assert "Proc-Type: 4,ENCRYPTED" in shop.machine.sh(f"grep -A1 'PRIVATE KEY' {tls}/acme.pem")
    for user in ("uncork", "uncork-hello", "www-data"):
        assert shop.machine.tried(f"cat {tls}/acme.passphrase", user).code != 0


def test_a_renewal_under_load_loses_no_request(shop: Site, ca: Authority) -> None:
    before = shown(shop, ca)
    schedule = Schedule(443, 100, host=shop.machine.address, name=NAME, authority=str(ca.root))
    with Load(schedule) as load:
        for _ in range(2):
            shop.run("renew", "--force").ok()
    assert not load.result.failures, load.result
    assert shown(shop, ca) != before
    assert load.result.sent > 200


def make_due(shop: Site) -> None:
    """What can't be unlocked any more is as good as ended."""
    shop.machine.sh(
        "cd /var/lib/uncork/apps/hello && rm tls/acme.passphrase && "
        'sed -i \'s/"ends": [0-9.e]*/"ends": 1/\' certificate.json'
    )


def test_a_timer_renews_what_is_due_and_asks_for_nothing_else(shop: Site, ca: Authority) -> None:
    assert shop.machine.sh("systemctl is-enabled uncork-renew.timer").strip() == "enabled"
    shop.machine.sh("systemd-analyze verify uncork-renew.timer uncork-renew.service")
    before = shown(shop, ca)
    shop.machine.sh("systemctl start uncork-renew.service")
    assert shown(shop, ca) == before
    make_due(shop)
    shop.machine.sh("systemctl start uncork-renew.service")
    assert shown(shop, ca) != before
    assert "renew" in shop.machine.sh("uncork audit")


def test_a_ca_that_refuses_is_told_by_mail_and_by_status_and_visitors_keep_what_they_had(
    shop: Site, ca: Authority, inbox: Inbox
) -> None:
    before = shown(shop, ca)
    ca.stop()
    inbox.mails.clear()
    failed = shop.run("renew", "--force").ended(1)
    assert f"the CA at {ca.url} can't be reached" in failed.said
    (trouble,) = troubles(shop)
    assert trouble.startswith("it has no new certificate, and keeps the one until ")
    eventually(lambda: any("the certificate of hello can't be renewed" in subject for subject in inbox.subjects()))
    make_due(shop)
    assert shop.machine.tried("systemctl start uncork-renew.service").code == 1
    assert shown(shop, ca) == before
    ca.start()
    shop.machine.sh("systemctl start uncork-renew.service")
    assert troubles(shop) == []


def test_the_status_report_names_the_day_on_which_it_ends(shop: Site) -> None:
    ends = str(shop.status()["certificate"]["ends"])
    assert ends in shop.machine.sh("uncork report")


def test_a_release_without_https_gives_the_port_back(shop: Site) -> None:
    config = shop.project / "pyproject.toml"
    lines = config.read_text().splitlines(keepends=True)
    config.write_text("".join(line for line in lines if not line.startswith("tls =")))
    assert shop.deploy().ok().out.splitlines()[-1] == f"http://{NAME}/"
    assert shop.machine.tried("ss -Hltn sport = :443 | grep .").code == 1
