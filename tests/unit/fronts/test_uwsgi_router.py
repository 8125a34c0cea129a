"""uWSGI's router as the front: its config, what it refuses, and how it is installed."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Golden
from uncork.errors import UsageError
from uncork.fronts.uwsgi_router import Making, UwsgiRouter
from uncork.layout import Layout
from uncork.plan import File, Run
from uncork.serving import LOCAL, Address, Cache, Maintenance, PathRule, Protocol, Site, Tls, Upstream

LAYOUT = Layout(Path("/srv/uncork"), Path("/srv/uncork/run"))
VENV = Path("/srv/uncork/bin/router")
ROUTER = UwsgiRouter(VENV)
SITE = Site("guestbook", Protocol.UWSGI, ("example.com",), "/shop", max_body=1000)


@pytest.mark.parametrize(("case", "sites"), [("router", (SITE,)), ("router_nothing", ())])
def test_the_config_is_as_an_expert_writes_it(golden: Golden, case: str, sites: tuple[Site, ...]) -> None:
    golden(case, {file.path.name: file.content for file in ROUTER.files(LAYOUT, Address(), sites, None)})


def test_it_takes_the_socket_that_the_supervisor_holds_and_no_server_s_for_it() -> None:
    service = ROUTER.service(LAYOUT, Address())
    assert service.argv[-2:] == ("--http", "fd://3")
    assert ("LISTEN_FDS", "0") in service.env
    assert not service.binds


def test_a_second_app_is_refused_and_both_are_named() -> None:
    with pytest.raises(UsageError, match="guestbook, blog"):
        ROUTER.files(LAYOUT, Address(), (SITE, replace(SITE, app="blog")), None)


@pytest.mark.parametrize(
    ("site", "said"),
    [
        (replace(SITE, tls=Tls("self-signed")), "HTTPS"),
        (replace(SITE, cache=Cache(on=True)), "caching"),
        (replace(SITE, upstreams=(Upstream(LOCAL),)), "backends"),
        (replace(SITE, paths=(PathRule("/reports"),)), "paths"),
        (replace(SITE, maintenance=Maintenance()), "maintenance"),
    ],
)
def test_what_only_a_front_can_do_is_refused(site: Site, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        ROUTER.files(LAYOUT, Address(), (site,), None)
    assert 'front = "nginx"' in caught.value.fix


@pytest.mark.parametrize("home", ["/srv/100%d", "/srv/$(id)", "/srv/a b", "/srv/@(exec", "/srv/a\nb", "/srv/é"])
def test_a_path_that_uwsgi_would_read_as_more_is_refused(home: str) -> None:
    with pytest.raises(UsageError, match="can't carry"):
        ROUTER.files(Layout(Path(home), Path(home)), Address(), (SITE,), None)


def test_it_is_installed_once_in_an_environment_that_no_release_takes_along() -> None:
    steps = replace(ROUTER, making=Making("/uv", "/usr/bin/python3", "pyuwsgi==2")).folders(LAYOUT)
    assert [step.argv[0] for step in steps if isinstance(step, Run)] == ["/uv", "/uv"]
    assert "--require-hashes" in [step for step in steps if isinstance(step, Run)][1].argv
    assert steps[-1] == File(VENV / "uncork-complete", "")
    assert not [step for step in ROUTER.folders(LAYOUT) if isinstance(step, Run)]
