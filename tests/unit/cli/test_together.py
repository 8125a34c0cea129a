"""Verbs that machines hold: how these are called, and who leads visitors around them meanwhile."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.fakes import Uncork
from uncork.remote import fleet
from uncork.remote.fleet import Verb
from uncork.remote.rolling import Ended, Rolled, State
from uncork.serving import Balancer

TARGET = """
name = "shop"
[targets.production]
hosts = ["web1", "web2"]
balancer = { host = "lb1" }
"""


class Fleet:
    """Machines that do what they are asked for; `asked` is that, with where it went and which balancer led visitors."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[str, ...], Verb, Balancer | None]] = []

    def change_all(self, hosts: tuple[str, ...], verb: Verb, _: object, __: object, led: Balancer | None) -> Rolled:
        self.asked.append((hosts, verb, led))
        return Rolled(tuple(Ended(host, State.NEW) for host in hosts))


@pytest.fixture
def machines(monkeypatch: pytest.MonkeyPatch) -> Fleet:
    found = Fleet()
    monkeypatch.setattr(fleet, "change_all", found.change_all)
    return found


def test_values_to_restart_with_are_held_and_are_in_no_command(uncork: Uncork, machines: Fleet) -> None:
    there = ("--restart", "--app", "shop", "--host", "web1", "--host", "web2")

    assert "was restarted with the values" in uncork("config", "set", "A=s3cret", *there).out
    assert uncork("config", "unset", "A", *there).code == 0
    words = ("-t", "local", "--app", "shop", "--json", "config", "set", "--encoded", "--restart", "--held")
    assert [verb.words for _, verb, _ in machines.asked] == [words, words]
    assert [json.loads(verb.said) for _, verb, _ in machines.asked] == [{"A": "s3cret"}, {"A": None}]


@pytest.mark.parametrize("host", [(), ("--host", "web2")], ids=["all", "one"])
def test_the_balancer_of_a_target_leads_visitors_around_all_of_its_hosts_or_one(
    uncork: Uncork, machines: Fleet, host: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "uncork.toml").write_text(TARGET)
    monkeypatch.chdir(tmp_path)

    assert uncork("scale", "3", *host).code == 0
    ((hosts, verb, led),) = machines.asked
    assert hosts == (host[1:] or ("web1", "web2"))
    assert verb.words[-4:] == ("scale", "--held", "--", "3")
    assert led == Balancer("lb1")
