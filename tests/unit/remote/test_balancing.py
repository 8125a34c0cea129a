"""What a balancer is told of the machines of a target: to know other sets of them it would have to be reloaded."""

from itertools import combinations
from typing import cast

import pytest

from uncork.fronts.balancer import Balanced
from uncork.remote import balancing
from uncork.remote.balancing import Balancing, standing
from uncork.remote.exchange import LostError
from uncork.remote.rolling import Undirected
from uncork.remote.ssh import Connection
from uncork.report import Silent
from uncork.workflows.balance import Order, Told


def led(monkeypatch: pytest.MonkeyPatch, count: int) -> tuple[Balancing, list[Order]]:
    """A balancer of so many machines, and what it is told."""
    hosts = tuple(f"web{number}" for number in range(count))
    told: list[Order] = []

    def say(_: object, order: Order) -> Told:
        told.append(order)
        return Told(tuple((host, f"{host}:80") for host in hosts), ())

    monkeypatch.setattr(balancing, "_say", say)
    balanced = Balanced("shop", 80, ("shop.example.com",), ())
    return Balancing(cast("Connection", None), hosts, balanced), told


def test_few_machines_may_be_out_in_any_company_with_one_config(monkeypatch: pytest.MonkeyPatch) -> None:
    balancer, told = led(monkeypatch, 4)
    balancer.begin([[host] for host in balancer.hosts])

    for size in (1, 2, 3):
        for out in combinations(balancer.hosts, size):
            balancer.leave_out(out)

    assert len(told) == 1 + 14
    assert {order.balanced for order in told[1:]} == {balancer.balanced}


def test_of_many_machines_those_are_known_that_change_together(monkeypatch: pytest.MonkeyPatch) -> None:
    balancer, told = led(monkeypatch, 5)
    batches = [["web0"], ["web1", "web2"], ["web3", "web4"]]
    balancer.begin(batches)

    for batch in batches:
        balancer.leave_out(batch)
        balancer.changed(batch)
    balancer.leave_out(())

    assert [order.balanced.outs for order in told[1:] if order.balanced] == [((0,), (1, 2), (3, 4))] * 4


def test_a_verb_leaves_out_who_changes_and_who_was_out_before_and_says_nothing_of_the_site(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[Order] = []

    def say(_: object, order: Order) -> Told:
        told.append(order)
        return Told((("web0", "a:80"), ("web1", "b:80"), ("web2", "c:80")), ("web2",))

    monkeypatch.setattr(balancing, "_say", say)
    visitors = standing(cast("Connection", None), "shop", Silent())
    for batch in (["web0"], ["web1", "web2"]):
        visitors.leave_out(batch)
        visitors.changed(batch)
    visitors.leave_out(())
    visitors.leave_out(())

    assert [order.out for order in told] == [None, ("web0", "web2"), ("web1", "web2"), ("web2",)]
    assert not any(order.balanced for order in told)


def test_visitors_go_where_they_go_behind_a_balancer_that_no_deploy_has_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balancing, "_say", lambda *_: Told((), ()))

    assert isinstance(standing(cast("Connection", None), "shop", Silent()), Undirected)


def test_a_certificate_that_is_due_is_asked_for_when_all_is_done_and_what_came_of_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    orders: list[Order] = []

    def say(_: object, order: Order) -> Told:
        orders.append(order)
        return Told((), (), due=not order.certify, notes=("it is for shop.example.com",) if order.certify else ())

    monkeypatch.setattr(balancing, "_say", say)
    balanced = Balanced("shop", 80, ("shop.example.com",), (("web0", "web0:80"),))
    balancer = Balancing(cast("Connection", None), ("web0",), balanced, "a certificate and its key")
    assert "its key" not in repr(balancer)
    balancer.leave_out(())
    assert balancer.certified(Silent()) == ("it is for shop.example.com",)
    assert [(order.certificate, order.certify) for order in orders] == [
        ("a certificate and its key", False),
        ("", True),
    ]


def test_a_balancer_that_can_not_be_asked_for_a_certificate_fails_no_deploy(monkeypatch: pytest.MonkeyPatch) -> None:
    def say(_: object, order: Order) -> Told:
        if order.certify:
            raise LostError("lb: the connection was lost", "run this again")
        return Told((), (), due=True)

    monkeypatch.setattr(balancing, "_say", say)
    balanced = Balanced("shop", 80, ("shop.example.com",), (("web0", "web0:80"),))
    balancer = Balancing(cast("Connection", None), ("web0",), balanced)
    balancer.leave_out(())
    (note,) = balancer.certified(Silent())
    assert note.endswith("is not known: lb: the connection was lost: run this again")
