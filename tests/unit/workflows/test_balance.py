"""What a balancer's machine does with hosts that are left out, and tells of them."""

import json
import os
from pathlib import Path

import msgspec
import pytest

from uncork.errors import UsageError
from uncork.fronts.balancer import Balanced
from uncork.layout import Layout
from uncork.report import Silent
from uncork.workflows.balance import Told, balance
from uncork.workflows.balancers import left_out


def test_hosts_that_get_no_requests_are_told_by_name(tmp_path: Path) -> None:
    layout = Layout(tmp_path, tmp_path / "run")
    assert left_out(layout) == ()

    folder = layout.balancer("shop")
    folder.mkdir(parents=True)
    (folder / "out-0123456789ab").write_text("deploy@web3\n")

    assert left_out(layout) == ("the balancer of shop sends nothing to deploy@web3 until a deploy to it is done",)


def test_an_app_whose_name_leads_elsewhere_is_no_app(tmp_path: Path) -> None:
    kept = tmp_path / "apps"
    kept.mkdir()
    with pytest.raises(UsageError, match="the app's name"):
        balance(Layout(tmp_path, tmp_path / "run"), b'{"app": "../apps", "remove": true}', Silent())
    assert kept.exists()


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return Layout(tmp_path, tmp_path / "run")


def asked(layout: Layout, *out: str) -> Told:
    """Have the balancer of an app leave hosts out, with no word of how its site is to be."""
    return balance(layout, json.dumps({"app": "shop", "out": out}).encode(), Silent())


def test_hosts_are_left_out_as_the_site_was_written_for_which_stays_as_it_is(layout: Layout) -> None:
    folder = layout.balancer("shop")
    folder.mkdir(parents=True)
    hosts = tuple((f"web{number}", f"10.0.0.{number}:80") for number in range(5))
    known = Balanced("shop", 80, ("shop.example.com",), hosts, outs=((0,), (1, 2), (3, 4)))
    (folder / "known.json").write_bytes(msgspec.json.encode(known))
    seen = []
    for out in (["web0"], ["web1", "web2"], ["web3"], ["web0", "web3"], []):
        asked(layout, *out)
        seen.append(sorted(asked(layout, *out).out))

    assert seen == [["web0"], ["web1", "web2"], ["web3", "web4"], ["web3", "web4"], []]
    assert [path.name for path in folder.iterdir()] == ["known.json"]


def test_a_balancer_that_no_deploy_has_made_leaves_nobody_out(layout: Layout) -> None:
    assert asked(layout, "web1") == Told((), ())
    assert not layout.balancer("shop").exists()
