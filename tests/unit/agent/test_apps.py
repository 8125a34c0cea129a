"""Which apps are live, by what is on disk."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.recipes.parts import release
from uncork.agent.apps import Apps
from uncork.app_layout import AppLayout
from uncork.errors import UserError
from uncork.layout import Layout
from uncork.model import Instance
from uncork.records import encode


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path, tmp_path / "run")


def deployed(layout: Layout, number: int, instance: str = "") -> AppLayout:
    app = layout.app("shop")
    app.release(number).mkdir(parents=True)
    app.record(number).write_text(encode(release(number)))
    app.live.unlink(missing_ok=True)
    app.live.symlink_to(f"releases/{number}")
    if instance:
        app.sockets.mkdir(parents=True, exist_ok=True)
        app.current_socket.unlink(missing_ok=True)
        app.current_socket.symlink_to(f"{instance}/app.sock")
    return app


def test_before_the_first_deploy_there_is_no_app(layout: Layout) -> None:
    assert Apps(layout).names() == ()
    assert Apps(layout).live("shop") is None


def test_an_app_has_the_release_and_the_instance_that_visitors_are_on(layout: Layout) -> None:
    apps = Apps(layout)
    deployed(layout, 1, "1.1")
    deployed(layout, 2, "2.3")
    live = apps.live("shop")
    assert live
    assert (apps.names(), live.release.id, live.instance) == (("shop",), 2, Instance("shop", 2, 3))


def test_after_a_reboot_it_is_the_first_instance(layout: Layout) -> None:
    deployed(layout, 2)
    live = Apps(layout).live("shop")
    assert live
    assert live.instance == Instance("shop", 2)


def test_a_new_release_is_noticed_and_an_app_that_was_destroyed_too(layout: Layout) -> None:
    apps = Apps(layout)
    deployed(layout, 1)
    assert apps.live("shop")
    app = deployed(layout, 2)
    live = apps.live("shop")
    assert live
    assert live.release == replace(release(1), id=2)
    app.live.unlink()
    assert apps.live("shop") is None


def test_an_app_that_was_destroyed_and_deployed_anew_is_known_by_its_new_record(layout: Layout) -> None:
    apps = Apps(layout)
    app = deployed(layout, 1)
    assert apps.live("shop")
    app.record(1).unlink()
    app.record(1).write_text(encode(replace(release(1), environment="testing")))
    live = apps.live("shop")
    assert live
    assert live.release.environment == "testing"


def test_a_record_that_can_not_be_read_is_told(layout: Layout) -> None:
    deployed(layout, 1).record(1).write_text("{")
    with pytest.raises(UserError):
        Apps(layout).live("shop")
