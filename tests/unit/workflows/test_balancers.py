"""What a balancer's machine keeps of it, and what it takes that its nginx goes by that."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from tests.unit.fronts.test_balancer import CASES, nginx
from uncork.errors import UsageError, UserError
from uncork.fronts.balancer import Balanced
from uncork.fronts.host import Host
from uncork.layout import Layout
from uncork.machine import files
from uncork.machine.certificate_request import Issued
from uncork.plan import File, Plan, Reload, Remove
from uncork.report import Silent
from uncork.serving import LETS_ENCRYPT, Tls
from uncork.workflows import balancer_https, balancers, issuing
from uncork.workflows.balancers import Shown

SHOP = replace(CASES["acme"], tls=Tls("acme"))
NAMES = ("shop.example.com", "new.example.com")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path, tmp_path / "run")


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """An nginx that takes whatever is there, and does not run."""
    return replace(nginx(folder=str(tmp_path / "sites")), binary="/bin/true")


def done(layout: Layout, host: Host, balanced: Balanced, shown: Shown | None = None) -> Plan | None:
    plan = balancers.planned(layout, host, balanced, shown or Shown())
    if plan:
        balancers.carry_out(plan, host, Silent())
    return plan


def site(host: Host) -> str:
    return (Path(host.folder) / "uncork-balancer-my-shop.conf").read_text()


def test_what_nginx_goes_by_already_is_not_read_again(layout: Layout, host: Host) -> None:
    assert done(layout, host, SHOP)
    assert balancers.balanced(layout, "my-shop") == SHOP
    assert done(layout, host, SHOP) is None
    assert done(layout, host, replace(SHOP, least_connections=False))


def test_one_that_was_cut_off_before_nginx_read_it_is_read_the_next_time(
    layout: Layout, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("uncork.machine.sockets.port_holder", lambda *_: None)
    done(layout, host, SHOP)
    (layout.balancer("my-shop") / "pending").write_text("")
    plan = balancers.planned(layout, replace(host, runs=True), SHOP, Shown())
    assert plan
    assert [step for step in plan.switch if isinstance(step, Reload)]


def test_a_config_that_nginx_refuses_leaves_all_as_it_was(layout: Layout, host: Host, tmp_path: Path) -> None:
    def kept() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    done(layout, host, SHOP)
    before = kept()
    given = Shown((File(layout.balancer_tls("my-shop").given, "x", 0o600),), read=True)
    other = replace(SHOP, tls=Tls("files"))
    plan = balancers.planned(layout, replace(host, binary="/bin/false"), other, given)
    assert plan
    with pytest.raises(Exception, match="check the nginx config"):
        balancers.carry_out(plan, host, Silent())
    given_file = layout.balancer_tls("my-shop").given
    assert {path: text for path, text in kept().items() if path != given_file} == before


@pytest.fixture
def given(tmp_path: Path) -> tuple[Path, Path]:
    one = trustme.CA().issue_cert(*NAMES)
    one.cert_chain_pems[0].write_to_path(str(tmp_path / "own.pem"))
    one.private_key_pem.write_to_path(str(tmp_path / "own.key"))
    return tmp_path / "own.pem", tmp_path / "own.key"


def test_a_certificate_of_the_machines_own_files_is_copied_for_root_alone(
    layout: Layout, host: Host, given: tuple[Path, Path]
) -> None:
    own = replace(SHOP, tls=Tls("files", *map(str, given)))
    shown = balancer_https.shown(layout, own, "")
    assert done(layout, host, own, shown)
    kept = layout.balancer_tls("my-shop").given
    assert (kept.stat().st_mode & 0o777, kept.stat().st_uid) == (0o600, os.geteuid())
    assert balancer_https.shown(layout, own, "") == Shown()
    with pytest.raises(UsageError, match=r"not for other\.example"):
        balancer_https.shown(layout, replace(own, names=("other.example",)), "")


def test_one_of_the_local_ca_is_made_once(layout: Layout, host: Host) -> None:
    own = replace(SHOP, tls=Tls("self-signed"))
    assert done(layout, host, own, balancer_https.shown(layout, own, ""))
    assert balancer_https.shown(layout, own, "") == Shown()
    assert list(balancer_https.troubles(layout)) == []


def test_what_a_ca_gives_is_shown_and_nginx_reads_its_config_again_for_the_first_alone(
    layout: Layout, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = balancer_https.Holder(layout, "my-shop", Silent())
    with pytest.raises(UsageError, match="no balancer of my-shop"):
        holder.subject()
    done(layout, host, SHOP)
    assert "listen 443" not in site(host)
    assert issuing.is_due(holder.subject())

    monkeypatch.setattr("uncork.machine.host.beside", lambda _: host)
    holder.show(given_by_a_ca("one"))
    assert "listen 443 ssl" in site(host)
    kept = layout.balancer_tls("my-shop")
    assert [path.stat().st_mode & 0o777 for path in (kept.passphrase, kept.issued)] == [0o600, 0o644]
    assert not issuing.is_due(holder.subject())
    kept.passphrase.rename(kept.root / "away")
    assert issuing.is_due(holder.subject())
    (kept.root / "away").rename(kept.passphrase)

    monkeypatch.setattr("uncork.machine.host.beside", lambda _: replace(host, binary="/bin/false"))
    holder.show(given_by_a_ca("two"))
    assert kept.issued.read_text() == "two"
    assert done(layout, host, SHOP) is None


def test_a_ca_that_gives_none_is_a_trouble_and_of_one_that_was_removed_meanwhile_nothing_is_kept(
    layout: Layout, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise UserError("the CA refused", "wait")

    monkeypatch.setattr(issuing, "_ordered", refuse)
    done(layout, host, SHOP)
    (holder,) = balancer_https.asking(layout, None, Silent())
    got = issuing.obtain(layout, holder, Silent(), force=False)
    assert got.note == "the balancer has no certificate yet, and is served over HTTP: the CA refused: wait"
    (trouble,) = balancer_https.troubles(layout)
    assert trouble.what == "its balancer has no certificate yet: the CA refused: wait"

    files.remove(Remove(layout.balancer("my-shop")))
    issuing.obtain(layout, holder, Silent(), force=True)
    assert not layout.balancer("my-shop").exists()


def given_by_a_ca(text: str) -> Issued:
    begins = time.time()
    return Issued(text, "a passphrase", LETS_ENCRYPT, NAMES, begins, begins + 90 * 86400)
