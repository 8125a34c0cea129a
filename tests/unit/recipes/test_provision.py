from dataclasses import replace

from tests.unit.recipes.parts import LAYOUT, NamedSupervisor, app_facts, facts, said
from uncork.model import Program
from uncork.recipes.provision import converge, unfinished

SUPERVISOR = NamedSupervisor()


def test_a_machine_that_runs_what_it_should_is_left_alone() -> None:
    assert converge(facts(app_facts("shop")), LAYOUT, SUPERVISOR, ()) == ()


def test_an_instance_that_a_killed_deploy_left_is_stopped() -> None:
    app = app_facts("shop")
    app = replace(app, programs=(*app.programs, Program("shop.2.1", "RUNNING", 7)))
    assert said(converge(facts(app), LAYOUT, SUPERVISOR, ())) == ["stop shop.2.1"]


def test_after_a_reboot_the_live_instances_are_placed_and_the_supervisor_begins() -> None:
    known = facts(app_facts("shop", programs=()), supervising=False, front=False)
    stale = LAYOUT.programs / "shop.2.1.conf"
    assert said(converge(known, LAYOUT, SUPERVISOR, (stale,))) == [
        f"Remove {stale}",
        "Directory /state/run/shop",
        "place shop.1.1",
        "Link /state/run/shop/current.sock",
        f"File {LAYOUT.supervisor_config}",
        "begin",
        f"Remove {LAYOUT.down}",
    ]


def test_a_stopped_app_is_not_brought_back_by_a_reboot() -> None:
    known = facts(app_facts("shop", programs=(), stopped=True), supervising=False, front=False)
    assert "place shop.1.1" not in said(converge(known, LAYOUT, SUPERVISOR, ()))


def test_what_a_lost_supervisor_left_is_ended_before_another_begins() -> None:
    known = replace(facts(app_facts("shop"), supervising=False), leftovers=(11, 12))
    assert said(converge(known, LAYOUT, SUPERVISOR, ()))[0] == "End"


def test_releases_without_a_record_are_removed() -> None:
    assert said(unfinished(app_facts("shop"), LAYOUT, (1, 2))) == ["Remove /state/apps/shop/releases/2"]
