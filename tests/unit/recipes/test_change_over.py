from dataclasses import replace

from tests.unit.recipes.parts import LAYOUT, NamedSupervisor, app_facts, release, said
from uncork.layout import MACHINE
from uncork.model import Instance
from uncork.plan import Drain, File, Link, Probe, Warm
from uncork.recipes.change_over import Running, boot, change_over, live_of
from uncork.recipes.front import Refresh
from uncork.serving import Protocol
from uncork.supervisors.systemd import Systemd

OLD = Running(release(1), Instance("shop", 1))
NEW = Running(release(2), Instance("shop", 2))
SUPERVISOR = NamedSupervisor()
SYSTEMD = Systemd("/opt/uncork/current/bin/python")


def test_the_new_release_is_started_and_then_has_to_prove_itself() -> None:
    plan = boot(NEW, LAYOUT, SUPERVISOR, None)
    assert said(plan.prepare)[0] == "start shop.2.1"
    assert [step.path for step in plan.prepare if isinstance(step, Probe)][:2] == ["/_uncork/ready", "/"]


def test_a_release_that_can_not_prove_itself_is_stopped_and_touches_nothing_else() -> None:
    plan = boot(NEW, LAYOUT, SUPERVISOR, None)
    assert said(plan.revert) == ["stop shop.2.1"]
    assert not any(isinstance(step, Link) for step in plan.steps)


def test_the_switch_moves_the_socket_first_and_then_the_live_link() -> None:
    plan = change_over(NEW, OLD, LAYOUT, SUPERVISOR, Refresh())
    assert [(str(s.path), s.points_to) for s in plan.switch if isinstance(s, Link)] == [
        ("/state/run/shop/current.sock", "2.1/app.sock"),
        ("/state/apps/shop/live", "releases/2"),
    ]


def test_while_a_front_turns_to_another_protocol_what_goes_by_its_old_config_stays_with_the_old_release() -> None:
    speaking = replace(NEW.release, service=replace(NEW.release.service, speaks=Protocol.HTTP))
    plan = change_over(Running(speaking, NEW.instance), OLD, LAYOUT, SUPERVISOR, Refresh())
    assert [(s.path.name, s.points_to) for s in plan.steps if isinstance(s, Link)] == [
        ("http.sock", "current.sock"),
        ("uwsgi.sock", "1.1/app.sock"),
        ("current.sock", "2.1/app.sock"),
        ("live", "releases/2"),
    ]
    assert Link(LAYOUT.app("shop").entrance(Protocol.UWSGI), "current.sock") in plan.revert
    assert [step.least for step in plan.cleanup if isinstance(step, Drain)] == [6.0]


def test_a_failure_of_the_switch_points_back() -> None:
    plan = change_over(NEW, OLD, LAYOUT, SUPERVISOR, Refresh())
    assert said(plan.revert) == [
        "Link /state/run/shop/current.sock",
        "Link /state/apps/shop/live",
    ]
    assert plan.revert[0] == Link(LAYOUT.app("shop").current_socket, "1.1/app.sock", "switch back")


def test_a_live_release_whose_record_can_not_be_read_is_pointed_back_to_and_drained_like_any_other() -> None:
    live = live_of(app_facts("shop", releases=()), NEW.release)
    plan = change_over(NEW, live, LAYOUT, SUPERVISOR, Refresh())
    assert plan.revert[0] == Link(LAYOUT.app("shop").current_socket, "1.1/app.sock", "switch back")
    assert said(plan.cleanup)[-1] == "stop shop.1.1"
    assert live_of(app_facts("shop", live=None), NEW.release) is None


def test_the_old_release_is_drained_before_it_is_stopped_and_not_before_a_second_has_passed() -> None:
    mark, drain, stop = change_over(NEW, OLD, LAYOUT, SUPERVISOR, Refresh()).cleanup
    assert mark == File(LAYOUT.app("shop").draining(OLD.instance), "")
    assert isinstance(drain, Drain)
    assert drain.least == 1.0
    assert said((stop,)) == ["stop shop.1.1"]


def test_a_first_deploy_has_nothing_to_go_back_to_and_nothing_to_drain() -> None:
    plan = change_over(NEW, None, LAYOUT, SUPERVISOR, Refresh())
    assert said(plan.revert) == [
        "Remove /state/run/shop/current.sock",
        "Remove /state/apps/shop/live",
    ]
    assert plan.cleanup == ()


def test_an_app_that_was_stopped_is_meant_to_run_from_the_switch_on_whatever_verb_made_it() -> None:
    plan = change_over(NEW, OLD, LAYOUT, SUPERVISOR, Refresh(), stopped=True)
    assert said(plan.switch) == [
        "Link /state/run/shop/current.sock",
        "Link /state/apps/shop/live",
        "Remove /state/apps/shop/stopped",
    ]
    assert said(plan.revert)[0] == "File /state/apps/shop/stopped"
    assert plan.cleanup == ()


def test_a_rollback_is_the_same_with_the_releases_the_other_way_round() -> None:
    back = change_over(OLD, NEW, LAYOUT, SUPERVISOR, Refresh())
    assert said(back.cleanup)[-1] == "stop shop.2.1"


def test_the_projects_own_health_path_is_asked_and_the_mount_counts() -> None:
    site = replace(NEW.release.site, mount="/shop", domains=("*.example.com", "shop.example.com"))
    new = replace(NEW, release=replace(NEW.release, site=site, health="/healthz"))
    probes = [s for s in boot(new, LAYOUT, SUPERVISOR, None).prepare if isinstance(s, Probe)]
    assert [probe.path for probe in probes[:2]] == ["/shop/_uncork/ready", "/healthz"]
    assert {probe.host for probe in probes} == {"shop.example.com"}


def test_every_worker_is_warmed_before_a_visitor_meets_it() -> None:
    plan = boot(NEW, LAYOUT, SUPERVISOR, None)
    assert [step.workers for step in plan.prepare if isinstance(step, Warm)] == [NEW.release.processes]


def test_what_comes_back_with_a_machine_is_moved_once_visitors_are_and_back_with_them() -> None:
    plan = change_over(NEW, OLD, MACHINE, SYSTEMD, Refresh())
    switched, *rest = plan.switch
    assert switched == Link(MACHINE.app("shop").current_socket, "/run/uncork/shop/2.1/app.sock", "switch")
    assert (*SYSTEMD.keep(MACHINE, NEW.instance), *SYSTEMD.forget(MACHINE, OLD.instance)) == tuple(rest[1:])
    assert (*SYSTEMD.keep(MACHINE, OLD.instance), *SYSTEMD.forget(MACHINE, NEW.instance)) == plan.revert[2:]


def test_an_app_that_was_stopped_is_not_brought_back_with_the_machine_by_a_deploy_that_fails() -> None:
    plan = change_over(NEW, OLD, MACHINE, SYSTEMD, Refresh(), stopped=True)
    assert not set(SYSTEMD.keep(MACHINE, OLD.instance)) & set(plan.revert)
