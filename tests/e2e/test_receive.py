"""Deploys that somebody else sends, and has a say in once visitors are on them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.e2e.state import Uncork, eventually, rewrite
from tests.integration.remote.here import here
from uncork.errors import LockedError, RefusedError
from uncork.remote.deploy import HostDeploy, deploy, deploy_to
from uncork.remote.deploy import held as held_verb
from uncork.remote.source import Source, source
from uncork.report import Silent
from uncork.workflows.take_over import Deployed
from uncork.workflows.up import UpOptions


def packed(uncork: Uncork, project: Path, text: str) -> Source:
    rewrite(project / "app.py", (project / "app.py").read_text().split("TEXT = ")[1].split("\n")[0], f'"{text}"')
    return source(project, UpOptions(port=uncork.port), dirty=True)


def sent(uncork: Uncork, project: Path, text: str) -> Deployed:
    return deploy(here(str(uncork.home)), packed(uncork, project, text), Silent())


@contextmanager
def held(uncork: Uncork, project: Path, text: str) -> Iterator[HostDeploy]:
    with deploy_to(here(str(uncork.home)), packed(uncork, project, text), Silent(), hold=True) as going:
        going.switched()
        yield going


def test_a_deploy_that_is_held_goes_back_at_a_word_and_stays_where_nobody_says_one(uncork: Uncork, hello: Path) -> None:
    assert sent(uncork, hello, "first").release == 1
    with uncork.load(rate=100) as load:
        with held(uncork, hello, "second") as going:
            assert "text second" in uncork.get().text
            with pytest.raises(LockedError, match="being changed by"):
                sent(uncork, hello, "another")
            going.back()
            with pytest.raises(RefusedError, match="release 2 was taken back"):
                going.result()
            assert "text first" in uncork.get().text
        with held(uncork, hello, "third"):
            assert "text third" in uncork.get().text
        eventually(lambda: "note: the deploy of hello" in uncork.run("status").out)
        eventually(lambda: "under way" not in uncork.run("status").out)
        with held(uncork, hello, "fourth") as going:
            going.keep()
            assert going.result().release == 4
    assert not load.result.failures
    assert "text fourth" in uncork.get().text
    states = {release["id"]: release["state"] for release in uncork.listed("releases", "releases")}
    assert states == {1: "kept", 3: "kept", 4: "live"}
    assert [release["id"] for release in uncork.listed("releases", "refused")] == [2]
    assert not [path for path in (uncork.home / "deploys").iterdir() if path.is_dir()]


def test_a_first_deploy_that_goes_back_leaves_nothing_that_answers(uncork: Uncork, hello: Path) -> None:
    with held(uncork, hello, "first") as going:
        assert "text first" in uncork.get().text
        going.back()
        with pytest.raises(RefusedError):
            going.result()
    assert "nothing is deployed" in uncork.run("status").ok().out
    assert sent(uncork, hello, "again").release == 2
    assert "text again" in uncork.get().text


@pytest.mark.parametrize("verb", [("rollback",), ("restart",), ("scale", "3")], ids=lambda verb: verb[0])
def test_a_verb_that_is_held_goes_back_at_a_word_with_no_failed_request(
    uncork: Uncork, hello: Path, verb: tuple[str, ...]
) -> None:
    def begun() -> AbstractContextManager[HostDeploy]:
        return held_verb(here(str(uncork.home)), ("--json", verb[0], "--held", *verb[1:]), b"", Silent())

    sent(uncork, hello, "first")
    sent(uncork, hello, "second")
    before = len(uncork.workers())
    with uncork.load(rate=100) as load:
        with begun() as going:
            going.switched()
            assert f"text {'first' if verb[0] == 'rollback' else 'second'}" in uncork.get().text
            going.back()
            with pytest.raises(RefusedError, match="was taken back"):
                going.result()
        assert "text second" in uncork.get().text
        assert len(uncork.workers()) == before
        with begun() as going:
            going.switched()
            going.keep()
            assert going.result().release == (1 if verb[0] == "rollback" else 2)
    assert not load.result.failures
    assert len(uncork.workers()) == (3 if verb[0] == "scale" else before)
    uncork.run("stop").ok()
    with held_verb(here(str(uncork.home)), ("--json", "scale", "--held", "2"), b"", Silent()) as going:
        going.switched()
        going.back()
        with pytest.raises(RefusedError, match="was taken back"):
            going.result()
    assert "note:" not in uncork.run("status").out
