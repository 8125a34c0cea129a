from dataclasses import replace

import pytest

from tests.unit.recipes.parts import LAYOUT, NamedSupervisor, app_facts, facts, said
from uncork.layout import MACHINE
from uncork.model import Facts, Program
from uncork.plan import Directory
from uncork.recipes.provision import agent, converge, folders, machine_folders, unfinished

SUPERVISOR = NamedSupervisor()


def test_a_machine_that_runs_what_it_should_is_left_alone() -> None:
    assert converge(facts(app_facts("shop")), LAYOUT, SUPERVISOR, (), "shop") == ()


def test_as_root_only_the_account_that_serves_gets_to_sources_data_and_logs() -> None:
    modes = {step.path: step.mode for step in folders(LAYOUT, "shop", root=True) if isinstance(step, Directory)}
    assert modes[LAYOUT.apps] == 0o750
    assert modes[LAYOUT.home] == 0o755


def test_on_a_machine_an_app_s_folder_is_for_its_group_and_what_it_writes_for_it_and_the_agent() -> None:
    app = MACHINE.app("shop")
    made = {step.path: step for step in folders(MACHINE, "shop", root=True) if isinstance(step, Directory)}
    gate = made[app.root]
    assert (gate.mode, gate.group, gate.serving) == (0o750, "uncork-shop", False)
    for path in (app.logs, app.alerts):
        assert (made[path].mode, made[path].group, made[path].serving) == (0o770, "uncork", True)
    assert (made[app.counts].mode, made[app.counts].group, made[app.counts].serving) == (0o770, "uncork", False)
    assert (made[app.instance_data].mode, made[app.instance_data].serving) == (0o700, True)


def test_an_instance_that_a_killed_deploy_left_is_stopped() -> None:
    app = app_facts("shop")
    app = replace(app, programs=(*app.programs, Program("shop.2.1", "RUNNING", 7)))
    assert said(converge(facts(app), LAYOUT, SUPERVISOR, (), "shop")) == ["stop shop.2.1"]


def test_what_a_killed_deploy_left_on_disk_alone_goes_too() -> None:
    left = (
        LAYOUT.programs / "front.conf",
        LAYOUT.programs / "shop.1.1.conf",
        LAYOUT.programs / "shop.2.1.sh",
        LAYOUT.programs / "blog.4.1.sh",
        LAYOUT.run / "shop" / "1.1",
        LAYOUT.run / "shop" / "3.2",
    )
    known = facts(app_facts("shop"), app_facts("blog"))
    assert said(converge(known, LAYOUT, SUPERVISOR, left, "shop")) == ["stop shop.2.1", "stop shop.3.2"]


def test_another_app_that_is_just_being_deployed_keeps_both_of_its_instances() -> None:
    blog = app_facts("blog")
    blog = replace(blog, programs=(*blog.programs, Program("blog.2.1", "RUNNING", 7)))
    assert converge(facts(app_facts("shop"), blog), LAYOUT, SUPERVISOR, (), "shop") == ()


def test_what_runs_of_an_app_that_is_not_there_any_more_is_stopped() -> None:
    known = facts(app_facts("shop"))
    known = replace(known, programs=(*known.programs, Program("gone.1.1", "RUNNING", 7)))
    assert said(converge(known, LAYOUT, SUPERVISOR, (), "shop")) == ["stop gone.1.1"]


@pytest.mark.parametrize("state", ["STOPPED", "STOPPING", "EXITED", "FATAL"])
def test_a_live_instance_that_does_not_run_is_started_again(state: str) -> None:
    app = app_facts("shop", programs=(Program("shop.1.1", state),))
    assert said(converge(facts(app), LAYOUT, SUPERVISOR, (), "shop")) == ["stop shop.1.1", "start shop.1.1"]
    missing = facts(app_facts("shop", programs=()))
    assert said(converge(missing, LAYOUT, SUPERVISOR, (), "shop")) == ["stop shop.1.1", "start shop.1.1"]
    assert converge(missing, LAYOUT, SUPERVISOR, (), "blog") == ()


def test_an_app_that_is_stopped_is_not_started_again() -> None:
    known = facts(app_facts("shop", programs=(), stopped=True))
    assert converge(known, LAYOUT, SUPERVISOR, (), "shop") == ()


def test_after_a_down_that_was_cut_short_every_app_is_brought_back() -> None:
    known = replace(facts(app_facts("shop"), app_facts("blog", programs=())), down=True)
    steps = said(converge(known, LAYOUT, SUPERVISOR, (), "shop"))
    assert steps == ["stop blog.1.1", "start blog.1.1", f"Remove {LAYOUT.down}"]


def test_the_way_of_the_front_is_made_for_every_app_that_lacks_it() -> None:
    known = facts(app_facts("shop"), app_facts("blog", entered=False))
    assert said(converge(known, LAYOUT, SUPERVISOR, (), "shop")) == ["Link /state/run/blog/uwsgi.sock"]


def test_links_that_a_killed_deploy_left_at_odds_lead_to_what_visitors_are_on() -> None:
    known = facts(app_facts("shop", pointed=False))
    assert said(converge(known, LAYOUT, SUPERVISOR, (), "shop")) == [
        "Link /state/run/shop/current.sock",
        "Link /state/apps/shop/live",
    ]


def test_after_a_reboot_the_live_instances_are_placed_and_the_supervisor_begins() -> None:
    known = facts(app_facts("shop", programs=(), pointed=False), supervising=False, front=False)
    stale = LAYOUT.programs / "shop.2.1.conf"
    assert said(converge(known, LAYOUT, SUPERVISOR, (stale,), "shop")) == [
        f"Remove {stale}",
        "Directory /state/run/shop",
        "place shop.1.1",
        "Link /state/run/shop/uwsgi.sock",
        "Link /state/run/shop/current.sock",
        "Link /state/apps/shop/live",
        f"File {LAYOUT.programs / 'agent.conf'}",
        f"File {LAYOUT.supervisor_config}",
        "begin",
        f"Remove {LAYOUT.down}",
    ]


def test_a_stopped_app_is_not_brought_back_by_a_reboot() -> None:
    known = facts(app_facts("shop", programs=(), stopped=True), supervising=False, front=False)
    assert "place shop.1.1" not in said(converge(known, LAYOUT, SUPERVISOR, (), "shop"))


def test_what_a_lost_supervisor_left_is_ended_before_another_begins() -> None:
    known = replace(facts(app_facts("shop"), supervising=False), leftovers=(11, 12))
    assert said(converge(known, LAYOUT, SUPERVISOR, (), "shop"))[0] == "End"


def with_agent(state: str) -> Facts:
    known = facts(app_facts("shop"))
    return replace(known, programs=(*known.programs, Program("agent", state, 8)))


OWN = {file.path: file.content for file in SUPERVISOR.agent_files(LAYOUT, None)}


@pytest.mark.parametrize("state", ["RUNNING", "STARTING", "BACKOFF"])
def test_an_agent_that_is_kept_running_is_left_alone(state: str) -> None:
    assert agent(with_agent(state), LAYOUT, SUPERVISOR, OWN) == ()


@pytest.mark.parametrize("state", ["STOPPED", "EXITED", "FATAL"])
def test_an_agent_that_does_not_run_is_started(state: str) -> None:
    assert said(agent(with_agent(state), LAYOUT, SUPERVISOR, OWN)) == ["start_agent"]
    assert said(agent(facts(app_facts("shop")), LAYOUT, SUPERVISOR, OWN)) == ["start_agent"]


def test_a_new_uncork_brings_its_own_agent() -> None:
    before = dict.fromkeys(OWN, "of an older uncork")
    assert said(agent(with_agent("RUNNING"), LAYOUT, SUPERVISOR, before)) == ["start_agent"]


def test_the_agent_s_folder_and_the_alerts_are_the_serving_account_s_own() -> None:
    steps = {step.path: step for step in folders(LAYOUT, "shop", root=True) if isinstance(step, Directory)}
    for path in (LAYOUT.agent, LAYOUT.app("shop").alerts):
        assert (steps[path].mode, steps[path].serving) == (0o700, True)


def test_releases_without_a_record_are_removed() -> None:
    assert said(unfinished(app_facts("shop"), LAYOUT, (2,))) == ["Remove /state/apps/shop/releases/2"]


def test_what_visitors_are_on_is_not_removed_though_its_record_is_lost() -> None:
    assert unfinished(app_facts("shop", live=2), LAYOUT, (2,)) == ()


def test_what_the_front_is_told_of_an_app_is_not_for_the_users_of_others() -> None:
    folders = {step.path: step for step in machine_folders(MACHINE) if isinstance(step, Directory)}
    assert folders[MACHINE.front / "apps"].mode & 0o007 == 0
