from dataclasses import replace
from pathlib import Path

from tests.unit.recipes.parts import LAYOUT, NamedFront, NamedSupervisor, app_facts, facts, said
from uncork.model import Facts
from uncork.plan import File, Reload, Remove, Step
from uncork.recipes.front import Fronts, Refresh, Served, is_missing, refresh, sites
from uncork.recipes.https import Certificates
from uncork.serving import Address, Maintenance, Outside, Protocol, Site

PENDING = LAYOUT.front_pending
DONE = [f"File {LAYOUT.front_record}", f"Remove {PENDING}"]
SHOP = LAYOUT.front / "apps" / "shop.conf"


def refreshed(known: Facts, on_disk: dict[Path, str], port: int = 8000) -> Refresh:
    wanted = Served(Address(port=port), sites(known))
    return refresh(Fronts(NamedFront(), NamedFront()), NamedSupervisor(), LAYOUT, known, wanted, on_disk)


def test_a_front_whose_config_stays_the_same_is_not_touched() -> None:
    known = facts(app_facts("shop"))
    assert refreshed(known, {SHOP: str(sites(known)[0])}) == Refresh()


def test_a_changed_config_is_checked_before_the_front_reads_it() -> None:
    steps = refreshed(facts(app_facts("shop")), {SHOP: "old"})
    assert said(steps.prepare) == [f"File {PENDING}", f"Directory {LAYOUT.front_run}", f"File {SHOP}", "Run"]
    assert said(steps.switch) == ["reload_front", *DONE]


def test_a_front_that_takes_no_new_config_as_it_runs_is_started_again_for_it() -> None:
    class Fixed(NamedFront):
        reloads = False

    known = facts(app_facts("shop"))
    wanted = Served(Address(port=8000), sites(known))
    steps = refresh(Fronts(Fixed(), Fixed()), NamedSupervisor(), LAYOUT, known, wanted, {SHOP: "old"})
    assert said(steps.switch) == ["start_front 127.0.0.1:8000", "Answer", *DONE]
    assert said(steps.revert)[1] == "start_front 127.0.0.1:8000"


def test_a_failure_puts_the_old_config_back_and_has_the_front_read_it() -> None:
    steps = refreshed(facts(app_facts("shop"), app_facts("blog")), {SHOP: "old"})
    assert said(steps.revert) == [
        f"File {SHOP}",
        f"Remove {LAYOUT.front / 'apps' / 'blog.conf'}",
        "reload_front",
        f"Remove {PENDING}",
    ]


def test_a_front_that_could_not_move_to_another_port_is_started_again_where_it_was() -> None:
    known = facts(app_facts("shop"))
    assert said(refreshed(known, {SHOP: "old"}, port=9000).revert) == [
        f"File {SHOP}",
        "start_front 127.0.0.1:8000",
        f"Remove {PENDING}",
    ]


def test_what_a_killed_command_left_undone_at_the_front_is_done_though_the_config_is_the_same() -> None:
    known = facts(app_facts("shop"))
    same = {SHOP: str(sites(known)[0])}
    assert said(refreshed(replace(known, pending="reload"), same).switch) == ["reload_front", *DONE]
    assert said(refreshed(replace(known, pending="start"), same).switch)[0] == "start_front 127.0.0.1:8000"


def test_a_front_that_is_not_there_is_started_and_waited_for() -> None:
    known = facts(app_facts("shop"), front=False)
    steps = refreshed(known, {SHOP: str(sites(known)[0])})
    assert said(steps.switch) == ["start_front 127.0.0.1:8000", "Answer", *DONE]


def test_another_port_starts_the_front_again() -> None:
    known = facts(app_facts("shop"))
    assert said(refreshed(known, {SHOP: str(sites(known)[0])}, port=9000).switch)[0] == "start_front 127.0.0.1:9000"


def test_the_config_of_an_app_that_is_gone_goes_too() -> None:
    known = facts(app_facts("shop"))
    steps = refreshed(known, {SHOP: str(sites(known)[0]), LAYOUT.front / "apps" / "gone.conf": ""})
    assert said(steps.switch) == [
        "reload_front",
        f"Remove {LAYOUT.front / 'apps' / 'gone.conf'}",
        *DONE,
    ]


def test_sites_keep_the_order_of_their_first_deploy() -> None:
    known = facts(app_facts("shop"), app_facts("blog"))
    changed = Site("shop", Protocol.UWSGI, mount="/shop")
    assert [site.app for site in sites(known, changed)] == ["shop", "blog"]
    assert [site.app for site in sites(known, gone="shop")] == ["blog"]


def test_maintenance_holds_for_the_release_that_is_live_and_for_the_one_that_comes() -> None:
    away = Maintenance(allow=("10.0.0.0/8",))
    known = facts(app_facts("shop", maintenance=away), app_facts("blog"))
    assert [site.maintenance for site in sites(known)] == [away, None]
    assert [site.maintenance for site in sites(known, Site("shop", Protocol.HTTP))] == [away, None]


def test_a_front_is_missing_where_somebody_would_be_answered_if_it_was_there() -> None:
    assert is_missing(facts(app_facts("shop"), front=False))
    assert is_missing(facts(app_facts("shop", stopped=True), front=False))
    assert not is_missing(facts(app_facts("shop")))
    assert not is_missing(facts(app_facts("shop", live=None), front=False))
    assert not is_missing(facts(app_facts("shop"), front=False, supervising=False))


def test_a_new_certificate_has_the_front_read_its_config_though_that_is_the_same() -> None:
    known = facts(app_facts("shop"))
    renewed, before = File(LAYOUT.home / "new.pem", "new"), File(LAYOUT.home / "new.pem", "old")
    wanted = Served(Address(), sites(known), certificates=Certificates((renewed,), (before,)))
    same = {SHOP: str(sites(known)[0])}
    steps = refresh(Fronts(NamedFront(), NamedFront()), NamedSupervisor(), LAYOUT, known, wanted, same)
    assert said(steps.prepare)[-2:] == [f"File {renewed.path}", "Run"]
    assert said(steps.switch)[0] == "reload_front"
    assert [*steps.revert][1:-1] == [before, *NamedSupervisor().reload_front(LAYOUT)]


def test_a_port_for_https_is_taken_and_left_by_the_front_that_runs() -> None:
    known = facts(app_facts("shop"))
    wanted = Served(Address(tls_port=8443), sites(known))
    steps = refresh(Fronts(NamedFront(), NamedFront()), NamedSupervisor(), LAYOUT, known, wanted, {SHOP: "old"})
    assert said(steps.switch)[0] == "reload_front"


SITE = Path("/etc/front/site.conf")


class MachineFront(NamedFront):
    """One that the machine runs."""

    name = "machine"

    @property
    def outside(self) -> Outside:
        return Outside((str(SITE),), "/run/front.pid")

    def join(self) -> tuple[Step, ...]:
        return (Reload(Path("/run/front.pid"), 1.0, "reload it", outside=True),)

    def leave(self) -> tuple[Step, ...]:
        return (Remove(SITE), *self.join())


def moved(fronts: Fronts, known: Facts, on_disk: dict[Path, str]) -> Refresh:
    return refresh(fronts, NamedSupervisor(), LAYOUT, known, Served(Address(), sites(known)), on_disk)


def test_one_that_the_machine_runs_gets_the_port_once_ours_has_let_go_of_it_and_gives_it_back_on_failure() -> None:
    known = replace(facts(app_facts("shop")), front="named")
    steps = moved(Fronts(MachineFront(), NamedFront()), known, {SHOP: "old"})
    assert said(steps.switch) == ["stop_front", "Reload", "Answer", *DONE]
    back = "start_front 127.0.0.1:8000 if it is not there"
    assert said(steps.revert) == [f"File {SHOP}", "Reload", back, f"Remove {PENDING}"]


def test_one_that_the_machine_runs_lets_go_of_the_port_before_ours_takes_it_and_gets_it_back_on_failure() -> None:
    known = replace(facts(app_facts("shop")), front="machine")
    steps = moved(Fronts(NamedFront(), MachineFront()), known, {SHOP: "old", SITE: "site"})
    assert said(steps.switch)[:4] == [f"Remove {SITE}", "Reload", "start_front 127.0.0.1:8000", "Answer"]
    assert said(steps.revert) == [f"File {SHOP}", f"File {SITE}", "stop_front", "Reload", f"Remove {PENDING}"]


def test_one_that_the_machine_runs_is_reloaded_and_never_started() -> None:
    known = replace(facts(app_facts("shop")), front="machine")
    steps = moved(Fronts(MachineFront(), MachineFront()), known, {SHOP: "old"})
    assert said(steps.switch) == ["Reload", *DONE]
    assert said(steps.revert) == [f"File {SHOP}", "Reload", f"Remove {PENDING}"]
    first = moved(Fronts(MachineFront(), MachineFront()), replace(known, address=None, programs=()), {})
    assert said(first.switch) == ["Reload", "Answer", *DONE]
    assert said(first.revert) == [f"Remove {SHOP}", "Reload", f"Remove {PENDING}"]
