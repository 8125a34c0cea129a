"""An app's user on a machine set up for serving, as more than one deploy would make it."""

from pathlib import Path

import pytest

from uncork.layout import Layout
from uncork.machine import host
from uncork.model import Account
from uncork.plan import Plan
from uncork.recipes.accounts import Enrolled
from uncork.report import Silent
from uncork.workflows import accounts

NOBODY = Enrolled(user=False, group=False)
BOTH = Enrolled(user=True, group=True, members=frozenset({"uncork", "www-data"}))


def test_of_two_first_deploys_at_once_one_makes_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, done = [NOBODY, BOTH], list[Plan]()
    monkeypatch.setattr(accounts.accounts, "enrolled", lambda app: found.pop(0))  # noqa: ARG005
    monkeypatch.setattr(host, "user", lambda site: "www-data")  # noqa: ARG005
    monkeypatch.setattr(accounts.processes, "account", lambda: Account("uncork", "uncork", 990, 990))
    monkeypatch.setattr(accounts, "apply", lambda plan, *_: done.append(plan))
    accounts.prepare(Layout(tmp_path, tmp_path / "run", tmp_path / "log"), "shop", Silent())
    assert [step for plan in done for step in plan.prepare] == []
