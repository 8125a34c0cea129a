from dataclasses import replace

import pytest

from tests.unit.recipes.parts import app_facts, facts, release
from uncork.config import Config
from uncork.errors import UsageError
from uncork.recipes.address import check_unchanged, decide, front_kind, front_of, url
from uncork.servers import SERVERS
from uncork.serving import Address, FrontSettings, Protocol, ServerSettings, Site


def test_the_command_line_wins_over_the_config_and_the_config_over_what_is() -> None:
    known = facts(app_facts("shop"))
    assert decide(known, Config("shop", port=9000), 9001, None) == Address("127.0.0.1", 9001)
    assert decide(known, Config("shop", port=9000), None, None) == Address("127.0.0.1", 9000)
    assert decide(known, Config("shop"), None, "0.0.0.0") == Address("0.0.0.0", 8000)


def test_a_config_may_not_pull_the_port_from_under_other_apps() -> None:
    with pytest.raises(UsageError, match="blog with it") as refused:
        decide(facts(app_facts("blog")), Config("shop", port=9000), None, None)
    assert "uncork up --port 9000" in refused.value.fix


def test_a_machine_set_up_for_serving_is_reached_from_everywhere_at_the_port_of_the_web() -> None:
    machine = replace(facts(), set_up=True, address=None)
    assert decide(machine, Config("shop"), None, None) == Address("0.0.0.0", 80)
    assert decide(machine, Config("shop", port=8080), None, None) == Address("0.0.0.0", 8080)
    assert front_kind(machine, Config("shop"), SERVERS["gunicorn"]) == "system-nginx"


@pytest.mark.parametrize("kind", ["nginx", "apache", "none"])
def test_a_machine_set_up_for_serving_has_its_own_nginx_in_front_and_nothing_else(kind: str) -> None:
    with pytest.raises(UsageError, match="has its own nginx in front"):
        front_kind(replace(facts(), set_up=True), Config("shop", front=FrontSettings(kind)), SERVERS["uwsgi"])


def test_a_server_that_only_apache_can_be_in_front_of_is_refused_there() -> None:
    with pytest.raises(UsageError, match="mod_wsgi can't stand behind the system's nginx"):
        front_kind(
            replace(facts(), set_up=True), Config("shop", server=ServerSettings("mod_wsgi")), SERVERS["mod_wsgi"]
        )


def test_who_asks_from_elsewhere_is_told_the_name_that_leads_to_an_app() -> None:
    site, port = Site("shop", Protocol.UWSGI, domains=("*.example.com", "shop.example.com")), Address("0.0.0.0", 80)
    assert url(site, (site,), port, elsewhere=True) == "http://shop.example.com/"
    assert url(site, (site,), replace(port, port=8080), elsewhere=True) == "http://shop.example.com:8080/"


def test_the_first_app_answers_on_the_port_itself_and_the_others_by_name() -> None:
    first, second = Site("shop", Protocol.UWSGI), Site("blog", Protocol.UWSGI)
    assert url(first, (first, second), Address()) == "http://127.0.0.1:8000/"
    assert url(second, (first, second), Address()) == "http://blog.localhost:8000/"


def test_an_app_with_a_mount_of_its_own_answers_under_it() -> None:
    first, second = Site("shop", Protocol.UWSGI), Site("blog", Protocol.UWSGI, mount="/blog")
    assert url(second, (first, second), Address("::1", 80)) == "http://[::1]:80/blog/"


def test_what_can_not_go_together_is_told_by_the_words_of_the_config() -> None:
    config = Config("shop", server=ServerSettings(protocol="http"), front=FrontSettings("nginx"))
    with pytest.raises(UsageError, match=r'uwsgi with `protocol = "http"` can.t stand behind nginx'):
        front_kind(facts(), config, SERVERS["uwsgi"])
    behind = replace(facts(app_facts("blog")), front="nginx")
    with pytest.raises(UsageError, match="shop asks for apache, but nginx is in front of blog"):
        front_kind(behind, Config("shop", front=FrontSettings("apache")), SERVERS["uwsgi"])


def test_a_release_of_before_brings_its_front_back_unless_other_apps_stand_behind_another() -> None:
    able, behind = replace(release(1), fronts=("apache", "nginx")), replace(facts(app_facts()), front="nginx")
    assert front_of(behind, able) == "apache"
    assert front_of(replace(behind, front=""), able) == "apache"
    assert front_of(replace(facts(app_facts(), app_facts("blog")), front="nginx"), able) == "nginx"


def test_a_release_whose_server_can_not_stand_behind_what_others_do_is_refused() -> None:
    old = replace(release(1), server="mod_wsgi", fronts=("apache",))
    with pytest.raises(UsageError, match="can't stand behind nginx, as blog does"):
        front_of(replace(facts(app_facts(), app_facts("blog")), front="nginx"), old)


def test_of_two_first_deploys_the_later_one_does_not_move_the_other_behind_its_own_front() -> None:
    before, now = facts(app_facts()), facts(app_facts(), app_facts("blog"))
    check_unchanged(replace(before, front=""), replace(now, front="nginx"), "nginx")
    check_unchanged(replace(before, front="nginx"), replace(now, front="nginx"), "apache")
    with pytest.raises(UsageError, match="behind nginx, and apache was to be in front"):
        check_unchanged(replace(before, front=""), replace(now, front="nginx"), "apache")
