"""The facts are what is on disk and what runs, and no broken file keeps them from being read."""

import errno
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.supervised import layout_in, place, supervised
from tests.unit.recipes.parts import release
from uncork import facts
from uncork.errors import UserError
from uncork.layout import Layout
from uncork.machine import files
from uncork.model import Instance
from uncork.plan import File, Link
from uncork.records import Event, FrontRecord, encode, encode_event, encode_front, encode_maintenance
from uncork.serving import Address, Maintenance

RELEASE = release()


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return layout_in(tmp_path)


def finished(layout: Layout, app: str, *numbers: int, created: str = "2026-01-02") -> None:
    for number in numbers:
        release = replace(RELEASE, id=number, app=app, created=created)
        files.write(File(layout.app(app).record(number), encode(release)), None)


def test_before_the_first_deploy_there_is_a_machine_and_nothing_else(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "none" / "home", tmp_path / "none" / "home" / "run")
    found = facts.read(layout)
    assert (found.apps, found.address, found.supervising, found.down) == ((), None, False, False)
    machine = found.machine
    assert 1 <= machine.cpus <= (os.cpu_count() or 1)
    assert machine.memory_bytes > 2**26
    assert machine.free_bytes > 0
    assert machine.backlog > 0
    assert not (tmp_path / "none").exists()


def test_releases_are_in_order_and_the_next_number_was_never_used(layout: Layout) -> None:
    finished(layout, "shop", 2, 10, 9)
    layout.app("shop").source(11).mkdir(parents=True)
    (app,) = facts.read(layout).apps
    assert [release.id for release in app.releases] == [2, 9, 10]
    assert app.next_release == 12
    event = Event("2026-01-02T03:04:05Z", "up", 20, "ok", 1.0, "me")
    files.append(layout.app("shop").history, encode_event(event) + "\n" + '{"when": "cut sho')
    assert facts.read(layout).app("shop").next_release == 21


def test_a_history_of_any_length_is_read_from_its_end(layout: Layout) -> None:
    event = Event("2026-01-02T03:04:05Z", "up", 1, "ok", 1.0, "me")
    lines = [encode_event(replace(event, release=number)) + "\n" for number in range(1, 2000)]
    files.append(layout.app("shop").history, "".join(lines))
    assert facts.read(layout).app("shop").next_release == 2000
    assert [e.release for e in facts.events(layout.app("shop"))][-2:] == [1998, 1999]


def test_what_is_live_is_what_the_front_connects_to(layout: Layout) -> None:
    finished(layout, "shop", 1, 2)
    paths = layout.app("shop")
    files.link(Link(paths.live, "releases/1"))
    app = facts.read(layout).app("shop")
    assert (app.live, app.pointed) == (Instance("shop", 1), False)
    files.link(Link(paths.current_socket, "2.3/app.sock"))
    app = facts.read(layout).app("shop")
    assert (app.live, app.pointed) == (Instance("shop", 2, 3), False)
    assert app.live_release
    assert app.live_release.id == 2


def test_both_links_are_right_when_they_lead_to_the_same_release(layout: Layout) -> None:
    finished(layout, "shop", 2)
    files.link(Link(layout.app("shop").live, "releases/2"))
    files.link(Link(layout.app("shop").current_socket, "2.3/app.sock"))
    assert facts.read(layout).app("shop").pointed


def test_a_socket_of_a_release_that_is_gone_is_not_what_is_live(layout: Layout) -> None:
    finished(layout, "shop", 1)
    files.link(Link(layout.app("shop").live, "releases/1"))
    files.link(Link(layout.app("shop").current_socket, "7.1/app.sock"))
    assert facts.read(layout).app("shop").live == Instance("shop", 1)


def test_what_is_live_and_can_not_be_read_is_an_error_and_not_nothing(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(layout, "shop", 1)

    def broken(link: Path) -> Path:
        raise OSError(errno.EIO, "Input/output error", str(link))

    monkeypatch.setattr(Path, "readlink", broken)
    with pytest.raises(UserError, match=r"current\.sock"):
        facts.read(layout)


def test_with_the_sockets_gone_what_is_marked_as_live_and_runs_is_live(layout: Layout) -> None:
    finished(layout, "shop", 1)
    files.link(Link(layout.app("shop").live, "releases/1"))
    place(layout, Instance("shop", 1, 2), "good")
    with supervised(layout) as state:
        found = facts.read(layout)
        app = found.app("shop")
        assert app.live == Instance("shop", 1, 2)
        assert found.supervising
        assert found.leftovers == ()
        assert [program.name for program in app.programs] == ["shop.1.2"]
        state.kill()
        found = facts.read(layout)
        assert (found.supervising, found.programs) == (False, ())
        assert found.app("shop").live == Instance("shop", 1, 1)
        assert len(found.leftovers) == 2


def test_apps_are_in_the_order_of_their_first_deploy(layout: Layout) -> None:
    finished(layout, "early", 1, created="2024-01-01")
    finished(layout, "late", 1, created="2025-01-01")
    finished(layout, "first", 1, created="2026-01-01")
    layout.app("unborn").releases.mkdir(parents=True)
    files.write(File(layout.front_record, encode_front(FrontRecord("0.0.0.0", 80, ("first",)))), None)
    found = facts.read(layout)
    assert found.address == Address("0.0.0.0", 80)
    assert [app.name for app in found.apps] == ["first", "early", "late", "unborn"]


def test_what_is_meant_to_be_stopped_is_told(layout: Layout) -> None:
    finished(layout, "shop", 1)
    files.write(File(layout.app("shop").stopped, ""), None)
    files.write(File(layout.down, ""), None)
    found = facts.read(layout)
    assert found.down
    assert found.app("shop").stopped


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"id": 1}', "\x00"])
def test_a_broken_file_is_passed_over_and_named(broken: str, layout: Layout) -> None:
    finished(layout, "shop", 1, 2)
    record = layout.app("shop").record(2)
    files.write(File(record, broken), None)
    files.write(File(layout.front_record, broken), None)
    found = facts.read(layout)
    app = found.app("shop")
    assert [release.id for release in app.releases] == [1]
    assert app.next_release == 3
    assert found.address is None
    assert [note.partition(" is passed over: ")[0] for note in found.notes] == [str(layout.front_record), str(record)]


def test_an_app_is_away_while_the_file_says_so_even_if_that_can_not_be_read(layout: Layout) -> None:
    finished(layout, "shop", 1)
    assert facts.read(layout).app("shop").maintenance is None
    away, path = Maintenance("/page.html", ("10.0.0.0/8",)), layout.app("shop").maintenance
    files.write(File(path, encode_maintenance(away)), None)
    assert facts.read(layout).app("shop").maintenance == away
    files.write(File(path, "{"), None)
    found = facts.read(layout)
    assert found.app("shop").maintenance == Maintenance()
    assert str(path) in found.notes[0]


def test_the_facts_are_read_quickly(layout: Layout) -> None:
    for app in ("one", "two", "three", "four", "five"):
        finished(layout, app, *range(1, 6))
    facts.read(layout)
    began = time.process_time()
    facts.read(layout)
    assert time.process_time() - began < 0.06
