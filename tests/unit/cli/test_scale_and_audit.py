"""`uncork scale`, `uncork audit`, and who is said to have called."""

import os
from dataclasses import dataclass, field

import pytest

from tests.unit.cli.fakes import Deployed, Uncork
from uncork.machine.person import BY


@dataclass(frozen=True)
class Scaled:
    app: str = "shop"
    processes: int = 4
    auto: bool = False
    running: bool = True
    deployed: Deployed = field(default_factory=Deployed)


@pytest.mark.parametrize(("said", "meant"), [("4", 4), ("1", 1), ("auto", None)])
def test_scale_takes_a_number_or_auto(uncork: Uncork, said: str, meant: int | None) -> None:
    uncork.deployed("shop")
    uncork.fake("scale", Scaled())

    printed = uncork("scale", said)

    assert uncork.calls[0][1:3] == ("shop", meant)
    assert printed.out.splitlines()[-1] == "shop runs with 4 processes"


@pytest.mark.parametrize("said", ["0", "-1", "1025", "many", "2.5", ""])
def test_scale_refuses_what_is_no_number_of_processes(uncork: Uncork, said: str) -> None:
    uncork.deployed("shop")

    printed = uncork("scale", "--", said)

    assert printed.code == 2
    assert "from 1 to 1024, or auto" in printed.err


def test_an_audit_is_kept_on_machines_alone(uncork: Uncork) -> None:
    printed = uncork("audit")

    assert printed.code == 2
    assert "machines set up for serving" in printed.err


def test_who_called_from_elsewhere_is_kept_for_the_locks_and_the_audit(
    uncork: Uncork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BY, "")
    uncork("--by", "anna@laptop,203.0.113.7", "status")
    assert os.environ[BY] == "anna@laptop,203.0.113.7"

    assert uncork("--by", "anna\n", "status").code == 2
