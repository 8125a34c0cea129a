import json
from pathlib import Path

import pytest

from uncork.layout import Layout
from uncork.workflows.journal import KEPT, Journal, cut_off, left, opened

BEGAN = {"began": True}
STEP = {"begin": "boot it"}
SWITCHED = {"switched": 7, "url": "http://web1/"}
DEPLOYED = {"deployed": {"release": 7}}
REFUSED = {"error": {"problem": "it has no app", "fix": "write one", "code": 3}}
HEARD = {"heard": True}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path, tmp_path / "run")


def told(layout: Layout, *lines: dict[str, object], app: str = "shop") -> None:
    with opened(layout, app) as journal:
        for line in lines:
            journal.say(**line)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "before its source had come, so it changed nothing"),
        ([BEGAN, STEP], "was ended at `boot it`"),
        ([BEGAN, STEP, SWITCHED, DEPLOYED], "went on: release 7 took over"),
        ([BEGAN, STEP, REFUSED], "was taken back: it has no app"),
    ],
)
def test_what_became_of_a_deploy_is_told_to_who_asks_later(
    layout: Layout, lines: list[dict[str, object]], says: str
) -> None:
    told(layout, *lines)
    (note,) = cut_off(layout)
    assert note.startswith("the deploy of shop by ")
    assert "lost its connection" in note
    assert says in note


def test_what_was_heard_is_not_told_again(layout: Layout) -> None:
    told(layout, BEGAN, DEPLOYED, HEARD)
    assert cut_off(layout) == ()


def test_only_the_last_deploy_of_an_app_is_told_of(layout: Layout) -> None:
    told(layout, BEGAN, REFUSED)
    told(layout, BEGAN, DEPLOYED, HEARD)
    told(layout, BEGAN, REFUSED, app="blog")
    assert [note.split(" by ")[0] for note in cut_off(layout)] == ["the deploy of blog"]
    assert cut_off(layout, "shop") == ()


def test_a_deploy_that_goes_on_says_at_what_it_is(layout: Layout) -> None:
    with opened(layout, "shop") as journal:
        assert "under way: its source is on its way" in cut_off(layout)[0]
        journal.say(**BEGAN)
        journal.begin("import the app")
        assert "under way: import the app" in cut_off(layout)[0]


def test_a_line_that_was_cut_short_says_nothing(layout: Layout) -> None:
    told(layout, BEGAN, STEP)
    (path,) = layout.deploys.iterdir()
    with path.open("a") as file:
        file.write('{"deployed": {"rel')
    assert "was ended at `boot it`" in cut_off(layout)[0]


def test_a_source_is_left_over_once_nobody_deploys_it(layout: Layout) -> None:
    with opened(layout, "shop") as journal:
        journal.tree.mkdir()
        assert left(layout) == ()
    assert left(layout) == (journal.tree,)


def test_old_journals_go_and_none_is_for_others_to_read(layout: Layout) -> None:
    for _ in range(30):
        told(layout, BEGAN, DEPLOYED, HEARD)
    kept = list(layout.deploys.iterdir())
    assert len(kept) == 20
    assert layout.deploys.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o600}


def test_a_full_disk_keeps_nobody_from_deploying() -> None:
    with Path("/dev/full").open("w") as full:
        Journal(Path("/dev/full"), full.fileno()).note(json.dumps("anything"))


def test_a_deploy_that_takes_long_keeps_its_source_however_many_come_and_go_meanwhile(layout: Layout) -> None:
    with opened(layout, "shop") as journal:
        journal.tree.mkdir()
        for _ in range(KEPT + 1):
            told(layout, BEGAN, REFUSED, HEARD, app="blog")
        assert left(layout) == ()
        assert "the deploy of shop" in cut_off(layout, "shop")[0]
