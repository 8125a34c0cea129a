"""What a balancer's machine tells of hosts that are left out."""

from pathlib import Path

import pytest

from uncork.errors import UsageError
from uncork.layout import Layout
from uncork.report import Silent
from uncork.workflows.balance import balance, left_out


def test_hosts_that_get_no_requests_are_told_by_name(tmp_path: Path) -> None:
    layout = Layout(tmp_path, tmp_path / "run")
    assert left_out(layout) == ()

    folder = layout.balancer("shop")
    folder.mkdir(parents=True)
    (folder / "hosts.json").write_text("[]")
    (folder / "out-0123456789ab").write_text("deploy@web3\n")

    assert left_out(layout) == ("the balancer of shop sends nothing to deploy@web3 until a deploy to it is done",)


def test_an_app_whose_name_leads_elsewhere_is_no_app(tmp_path: Path) -> None:
    kept = tmp_path / "apps"
    kept.mkdir()
    with pytest.raises(UsageError, match="the app's name"):
        balance(Layout(tmp_path, tmp_path / "run"), b'{"app": "../apps", "remove": true}', Silent())
    assert kept.exists()
