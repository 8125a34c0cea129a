"""A deploy to several machines: in which order, and what becomes of each where one fails."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from uncork.errors import RefusedError, UserError
from uncork.remote.exchange import LostError
from uncork.remote.rolling import Rollout, State, batches
from uncork.workflows.take_over import Deployed

REFUSED = RefusedError("it does not import", "mend it")
LOST = LostError("the connection was lost", "look")


@dataclass
class Machine:
    """A machine that switches, or raises; what it was told is in `told`."""

    host: str
    fails: UserError | None = None
    gone: bool = False
    told: list[str] = field(default_factory=list)

    def switched(self) -> None:
        if self.fails:
            raise self.fails
        self.told.append("switched")

    def keep(self) -> None:
        self.told.append("keep")

    def back(self) -> None:
        self.told.append("back")

    def stop(self) -> None:
        self.told.append("stop")

    def result(self) -> Deployed:
        if self.gone:
            raise LOST
        if "back" in self.told:
            raise REFUSED
        return Deployed("shop", 2, "production", "", 1, "uwsgi", {})


class Machines:
    """Machines, and a balancer before them: `out` is what it was told to leave out, one time after the other."""

    def __init__(self, *machines: Machine, stuck: Iterable[str] = ()) -> None:
        self.of = {machine.host: machine for machine in machines}
        self.out: list[set[str]] = []
        self.before = self.stuck = set(stuck)
        self.unreachable_after = 99

    @contextmanager
    def begin(self, host: str) -> Iterator[Machine]:
        yield self.of[host]

    def leave_out(self, hosts: Iterable[str]) -> None:
        self.out.append(self.stuck | set(hosts))
        if len(self.out) > self.unreachable_after:
            raise UserError("the balancer is away", "look")

    def changed(self, hosts: Iterable[str]) -> None:
        self.stuck = self.stuck - set(hosts)

    def restore(self) -> None:
        self.stuck = self.before

    def roll(self, size: int = 1) -> dict[str, State]:
        done = Rollout(self.begin, self).roll(batches(tuple(self.of), size))
        return {one.host: one.state for one in done.machines}


def test_the_first_machine_goes_alone_then_the_others_in_batches() -> None:
    assert batches("abcde", 2) == (("a",), ("b", "c"), ("d", "e"))
    assert batches("a", 2) == (("a",),)


def test_all_machines_keep_the_release_and_each_is_left_out_while_it_changes() -> None:
    machines = Machines(Machine("a"), Machine("b"), Machine("c"))

    assert machines.roll() == {"a": State.NEW, "b": State.NEW, "c": State.NEW}
    assert machines.out[:3] == [{"a"}, {"b"}, {"c"}]
    assert machines.out[-1] == set()
    assert all(machine.told == ["switched", "keep"] for machine in machines.of.values())


def test_where_the_first_machine_refuses_the_others_are_never_touched() -> None:
    machines = Machines(Machine("a", REFUSED), Machine("b"), Machine("c"))

    assert machines.roll() == {"a": State.REFUSED, "b": State.LEFT, "c": State.LEFT}
    assert machines.out[-1] == set()
    assert not machines.of["b"].told


def test_where_a_later_machine_fails_those_that_switched_go_back() -> None:
    machines = Machines(Machine("a"), Machine("b"), Machine("c", REFUSED), Machine("d"))

    assert machines.roll(2) == {"a": State.BACK, "b": State.BACK, "c": State.REFUSED, "d": State.LEFT}
    assert machines.of["a"].told == ["switched", "back"]


def test_a_machine_that_is_cut_off_is_left_out_until_it_has_changed() -> None:
    machines = Machines(Machine("a"), Machine("b", LOST), Machine("c"))

    assert machines.roll() == {"a": State.BACK, "b": State.LOST, "c": State.LEFT}
    assert machines.out[-1] == {"b"}


def test_a_machine_that_was_left_out_gets_visitors_again_once_it_has_changed() -> None:
    good = Machines(Machine("a"), Machine("b"), stuck={"b"})
    assert good.roll() == {"a": State.NEW, "b": State.NEW}
    assert (good.out[0], good.out[-1]) == ({"a", "b"}, set())

    bad = Machines(Machine("b"), Machine("a", REFUSED), stuck={"b"})
    assert bad.roll() == {"b": State.BACK, "a": State.REFUSED}
    assert bad.out[-1] == {"b"}


def test_a_machine_that_is_cut_off_while_it_goes_back_is_told_as_such() -> None:
    machines = Machines(Machine("a", gone=True), Machine("b", REFUSED))

    assert machines.roll() == {"a": State.LOST, "b": State.REFUSED}
    assert machines.out[-1] == {"a"}


@pytest.mark.parametrize("calls", [0, 1])
def test_where_visitors_can_not_be_led_around_no_more_machines_change(calls: int) -> None:
    machines = Machines(Machine("a"), Machine("b"))
    machines.unreachable_after = calls

    done = Rollout(machines.begin, machines).roll((("a",), ("b",)))

    assert done.trouble
    assert [one.state for one in done.machines] == [State.BACK if calls else State.LEFT, State.LEFT]


def test_who_interrupts_it_has_all_that_began_taken_back_and_visitors_led_everywhere() -> None:
    machines = Machines(Machine("a"), Machine("b"))
    led = machines.leave_out

    def interrupted(hosts: Iterable[str]) -> None:
        led(hosts)
        if machines.out[-1] == {"b"}:
            raise KeyboardInterrupt

    machines.leave_out = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        machines.roll()

    assert machines.of["a"].told == ["switched", "stop"]
    assert machines.out[-1] == set()
