"""systemd's units: what is on disk, what is asked of it, and that no value gets out of its place."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Golden
from uncork.errors import UsageError
from uncork.layout import MACHINE
from uncork.model import Account, Instance
from uncork.plan import File, Link, Remove, Step, Units, Watched
from uncork.serving import Address, Limits, Protocol, Service
from uncork.supervisors import units
from uncork.supervisors.systemd import Systemd

ACCOUNT = Account("uncork", "uncork", 999, 999)
SYSTEMD = Systemd("/opt/uncork/0123/bin/python", "0123456789abcdef")
INSTANCE = Instance("guestbook", 12)
SERVICE = Service(
    argv=("/srv/venv/bin/uwsgi", "--ini", "/var/lib/uncork/apps/guestbook/releases/12/uwsgi.ini"),
    directory="/var/lib/uncork/apps/guestbook/releases/12/source",
    speaks=Protocol.UWSGI,
    env=(("UNCORK_ENV", "production"), ("GREETING", 'it\'s $HOME `id` "%d" and ; more')),
    stop_seconds=29.5,
    notifies=True,
)
LIMITED = replace(SERVICE, notifies=False, limits=Limits(memory=512 * 1024**2, cpu=1.5, tasks=256))


def texts(steps: Iterable[Step]) -> dict[str, str]:
    return {step.path.name: step.content for step in steps if isinstance(step, File)}


def told(steps: Iterable[Step]) -> list[str]:
    return [" ".join((step.verb, *step.names)) for step in steps if isinstance(step, Units)]


@pytest.mark.parametrize(("case", "service"), [("unit", SERVICE), ("unit_with_limits", LIMITED)])
def test_the_units_are_as_they_should_be(golden: Golden, case: str, service: Service) -> None:
    steps = (
        *SYSTEMD.place(MACHINE, INSTANCE, service, ACCOUNT),
        *SYSTEMD.agent_files(MACHINE, ACCOUNT, ("guestbook",)),
    )
    golden(case, texts(steps))


def test_a_release_is_a_socket_and_a_service_and_a_further_run_of_it_has_its_own() -> None:
    steps = SYSTEMD.start(MACHINE, INSTANCE, SERVICE, ACCOUNT)
    assert told(steps) == ["start uncork-guestbook@12.socket uncork-guestbook@12.service"]
    assert told(SYSTEMD.start(MACHINE, INSTANCE.next(), SERVICE, ACCOUNT)) == [
        "start uncork-guestbook@12.2.socket uncork-guestbook@12.2.service"
    ]
    assert not any(isinstance(step, Link) for step in steps)


def test_only_what_is_kept_comes_back_with_the_machine() -> None:
    links = SYSTEMD.keep(MACHINE, INSTANCE)
    wants = Path("/etc/systemd/system/multi-user.target.wants")
    assert [step.path for step in links if isinstance(step, Link)] == [
        wants / "uncork-guestbook@12.socket",
        wants / "uncork-guestbook@12.service",
    ]
    assert SYSTEMD.forget(MACHINE, INSTANCE) == tuple(Remove(step.path) for step in links if isinstance(step, Link))


def test_a_run_that_is_stopped_is_forgotten_first_and_leaves_nothing() -> None:
    steps = SYSTEMD.stop(MACHINE, INSTANCE, 30.0)
    assert steps[:2] == SYSTEMD.forget(MACHINE, INSTANCE)
    assert told(steps) == ["stop uncork-guestbook@12.socket uncork-guestbook@12.service"]
    assert {step.path for step in steps if isinstance(step, Remove)} >= {
        Path("/etc/systemd/system/uncork-guestbook@12.service"),
        Path("/etc/systemd/system/uncork-guestbook@12.socket"),
        Path("/run/uncork/guestbook/12.1"),
    }


def test_what_no_visitor_was_sent_to_is_killed() -> None:
    assert told(SYSTEMD.stop(MACHINE, INSTANCE, 0.0)) == ["kill uncork-guestbook@12.socket uncork-guestbook@12.service"]


def test_whoever_waits_for_a_run_asks_about_its_unit() -> None:
    assert SYSTEMD.watched(MACHINE, INSTANCE) == Watched("uncork-guestbook@12.service")


def test_after_down_nothing_comes_back_with_the_machine() -> None:
    steps = SYSTEMD.end(MACHINE, (INSTANCE,))
    gone = {step.path.name for step in steps if isinstance(step, Remove)}
    assert gone == {"uncork-guestbook@12.socket", "uncork-guestbook@12.service", "uncork-agent.service"}
    assert told(steps) == ["stop uncork-guestbook@12.socket uncork-guestbook@12.service uncork-agent.service"]


def test_an_agent_is_another_one_when_an_app_comes_since_it_needs_that_apps_group() -> None:
    before = texts(SYSTEMD.agent_files(MACHINE, ACCOUNT, ("shop",)))
    assert texts(SYSTEMD.agent_files(MACHINE, ACCOUNT, ("guestbook", "shop"))) != before


def test_a_front_of_ours_is_refused_since_the_machine_has_one() -> None:
    with pytest.raises(UsageError, match="own nginx"):
        SYSTEMD.start_front(MACHINE, SERVICE, Address(), ACCOUNT)


@pytest.mark.parametrize("value", ["a\nExecStartPre=/bin/evil", "a\\", " a", "\x00"])
def test_what_would_begin_another_line_is_refused(value: str) -> None:
    with pytest.raises(UsageError):
        SYSTEMD.place(MACHINE, INSTANCE, replace(SERVICE, env=(("A", value),), argv=(value,)), ACCOUNT)


@given(st.from_regex(r"[a-z][a-z0-9-]{0,39}", fullmatch=True), st.integers(1, 99999), st.integers(1, 999))
def test_a_unit_is_known_by_its_name(app: str, release: int, number: int) -> None:
    instance = Instance(app, release, number)
    assert units.instance(units.service(instance)) == units.instance(units.socket(instance)) == instance
    assert units.instance(f"{app}.service") is None


def test_an_apps_slice_is_below_that_of_all_whatever_dashes_it_has() -> None:
    assert units.app_slice("my-shop") == r"uncork-my\x2dshop.slice"
