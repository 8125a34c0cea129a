"""What status makes of facts."""

from dataclasses import replace
from pathlib import Path

import pytest

from uncork.layout import Layout
from uncork.model import AppFacts, Facts, Instance, Machine, Program, Release
from uncork.notices import Trouble
from uncork.records import Event
from uncork.serving import Address, Protocol, Service, Site
from uncork.workflows.releases import rows
from uncork.workflows.status import Status, told

LAYOUT = Layout(Path("/h"), Path("/r"))
STATS = '{"workers": [{"id": 1, "pid": 7, "status": "idle", "requests": 5, "rss": 2048}]}'


def release(number: int) -> Release:
    return Release(
        id=number,
        app="shop",
        environment="production",
        created=f"2026-01-0{number}T00:00:00Z",
        source_digest="",
        lock="0123456789abcdef",
        python="3.11.2",
        server="uwsgi",
        venv="/v",
        service=Service(("uwsgi",), "/", Protocol.UWSGI),
        site=Site("shop", Protocol.UWSGI),
    )


SHOP = AppFacts(
    "shop",
    Instance("shop", 2, 1),
    (release(1), release(2)),
    (Program("shop.1.1", "STOPPING"), Program("shop.2.1", "RUNNING", 6, 1_767_225_600.5)),
)
FACTS = Facts(
    machine=Machine(2, 4096, 1024, 128),
    address=Address(port=8080),
    apps=(SHOP, AppFacts("never")),
    supervising=True,
    programs=(Program("front", "RUNNING", 5, 1.0), Program("agent", "RUNNING", 4, 1.0), *SHOP.programs),
)


def status(facts: Facts, app: str | None = None) -> Status:
    asked: list[Path] = []

    def stats(path: Path) -> str:
        asked.append(path)
        return STATS

    found = told(facts, LAYOUT, app, (0.5, 0.4, 0.3), stats)
    assert set(asked) <= {Path("/r/shop/2.1/own/stats.sock")}
    return found


def changed(*programs: Program, **changes: object) -> Facts:
    shop = replace(SHOP, programs=programs, **changes)
    return replace(FACTS, apps=(shop,), programs=(*FACTS.programs[:2], *programs))


def test_a_running_app_is_told_with_its_workers() -> None:
    found = status(FACTS)
    shop = found.apps[0]

    assert (found.well, found.front, found.supervisor, len(found.apps)) == (True, "running", "running", 1)
    assert (shop.name, shop.release, shop.environment, shop.state) == ("shop", 2, "production", "running")
    assert (shop.url, shop.server, shop.started) == ("http://127.0.0.1:8080/", "uwsgi", "2026-01-01T00:00:00Z")
    assert (shop.workers[0].pid, shop.requests_total) == (7, 5)


@pytest.mark.parametrize("state", ["BACKOFF", "FATAL", "EXITED", "STOPPED", "UNKNOWN"])
def test_an_app_whose_server_is_gone_is_failed(state: str) -> None:
    found = status(changed(Program("shop.2.1", state)))

    assert (found.well, found.apps[0].state, found.apps[0].workers, found.apps[0].started) == (
        False,
        "failed",
        (),
        None,
    )


def test_an_app_whose_processes_have_gone_for_want_of_requests_is_idle_and_well() -> None:
    cheap = '{"workers": [{"pid": 0, "status": "cheap", "requests": 5, "rss": 0}]}'
    found = told(FACTS, LAYOUT, None, (0.5, 0.4, 0.3), lambda _: cheap)
    assert (found.well, found.apps[0].state, found.apps[0].workers) == (True, "idle", ())


def test_an_app_that_answers_is_running_and_one_that_does_not_yet_is_starting() -> None:
    facts = changed(Program("shop.2.1", "STARTING", 6, 1.0))

    assert status(facts).apps[0].state == "running"
    assert told(facts, LAYOUT, None, (), lambda _: "").apps[0].state == "starting"


def test_an_app_without_a_program_is_failed() -> None:
    assert status(changed()).apps[0].state == "failed"


@pytest.mark.parametrize("programs", [(), (Program("agent", "BACKOFF"),)])
def test_without_the_agent_not_all_is_well(programs: tuple[Program, ...]) -> None:
    found = status(replace(FACTS, programs=(FACTS.programs[0], *programs, *SHOP.programs)))
    assert (found.agent, found.front, found.well) == ("failed", "running", False)


def test_what_the_agent_can_not_do_is_told_of_the_apps_that_were_asked_for() -> None:
    shop, blog = Trouble("shop", "no mail", "2026-01-01T00:00:00Z"), Trouble("blog", "no disk", "2026-01-01T00:00:00Z")
    found = replace(FACTS, troubles=(shop, blog))
    assert status(found).troubles == (shop, blog)
    assert status(found, "shop").troubles == (shop,)
    assert status(found).well


def test_a_stopped_app_is_well() -> None:
    found = status(changed(stopped=True))

    assert (found.well, found.apps[0].state) == (True, "stopped")


def test_a_lost_supervisor_is_not_well() -> None:
    found = status(replace(FACTS, supervising=False, programs=(), apps=(replace(SHOP, programs=()),)))

    assert (found.well, found.supervisor, found.front, found.apps[0].state) == (False, "failed", "failed", "failed")


def test_a_lost_supervisor_is_not_well_though_the_only_app_is_stopped() -> None:
    assert not status(replace(FACTS, supervising=False, programs=(), apps=(replace(SHOP, stopped=True),))).well


def test_what_is_down_is_meant_to_be() -> None:
    gone = replace(FACTS, supervising=False, programs=(), apps=(replace(SHOP, programs=()),), down=True)
    found = status(gone)

    assert (found.well, found.supervisor, found.front, found.apps[0].state) == (True, "down", "down", "down")


def test_a_front_that_is_gone_is_not_well() -> None:
    found = status(replace(FACTS, programs=(Program("front", "FATAL"), *SHOP.programs)))

    assert (found.well, found.front) == (False, "failed")


def test_nothing_deployed_is_well() -> None:
    assert status(Facts(Machine(1, 1, 1, 1))).well


def test_one_app_may_be_asked_for() -> None:
    assert [app.name for app in status(FACTS, "shop").apps] == ["shop"]
    assert status(FACTS, "never").apps == ()


def test_releases_are_told_newest_first_with_those_that_were_refused() -> None:
    events = (
        Event("2025-01-01T00:00:00Z", "up", None, "failed", 1.0, "me", "long ago"),
        Event("2026-01-01T12:00:00Z", "up", None, "refused", 1.0, "me", "no flask\ntraceback"),
        Event("2026-01-01T13:00:00Z", "restart", 1, "failed", 1.0, "me", "x"),
    )

    found = rows(SHOP, events)

    assert [(row.id, row.state, row.problem) for row in found] == [
        (2, "live", ""),
        (None, "refused", "no flask"),
        (1, "kept", ""),
    ]
    assert found[0].lock == "0123456789ab"
    assert rows(replace(SHOP, stopped=True), ())[0].state == "stopped"
