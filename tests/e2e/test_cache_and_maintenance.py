"""What the front does in an app's place: it gives responses that it keeps, and tells visitors to come again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.state import Uncork, copied, eventually, rewrite, state

COUNTED = '''
@app.get("/kept/<name>")
def kept(name: str) -> tuple[str, dict[str, str]]:
    """How often it was asked for, by all processes."""
    path = os.path.join(app.instance_path, name)
    with open(path, "a") as file:
        file.write(".")
    return f"{os.path.getsize(path)} of release {os.environ['UNCORK_RELEASE']}", {"Cache-Control": "max-age=600"}
'''
MORE = 'name = "hello"\ncache = true\nhealth = "/about"'


@pytest.fixture(scope="module")
def cached() -> Iterator[Uncork]:
    with state() as uncork:
        project = copied("hello", uncork.root / "hello")
        rewrite(project / "pyproject.toml", 'name = "hello"', MORE)
        (project / "app.py").write_text((project / "app.py").read_text() + COUNTED)
        uncork.up(project).ok()
        yield uncork


def kept(uncork: Uncork, name: str, **headers: str) -> str:
    return uncork.get(f"/kept/{name}", **headers).text.split()[0]


def test_a_kept_response_is_given_until_it_is_cleared(cached: Uncork) -> None:
    assert [kept(cached, "a") for _ in range(3)] == ["1", "1", "1"]
    assert cached.run("cache", "clear", "--json").ok().json()["responses"] == 1
    assert [kept(cached, "a") for _ in range(3)] == ["2", "2", "2"]


def test_the_app_s_own_session_cookie_keeps_a_visitor_apart(cached: Uncork) -> None:
    assert [kept(cached, "person", Cookie="session=x") for _ in range(2)] == ["1", "2"]
    assert [kept(cached, "person", Cookie="theme=dark") for _ in range(2)] == ["3", "3"]


def test_status_tells_how_much_was_answered_from_what_is_kept(cached: Uncork) -> None:
    cached.get("/kept/status")
    before = hits(cached)
    for _ in range(20):
        cached.get("/kept/status")
    eventually(lambda: hits(cached)[1] >= before[1] + 20)
    assert "of the last" in cached.run("status").ok().out


def hits(uncork: Uncork) -> tuple[int, int]:
    found = uncork.app()["cache"]
    assert isinstance(found, dict)
    return int(str(found["requests"])), int(str(found["hits"]))


def away(uncork: Uncork, path: str = "/") -> bool:
    return uncork.get(path).status == 503


CHANGES = (("up",), ("stop",), ("start",), ("down", "start"))


def test_maintenance_and_what_is_kept_outlive_every_change(cached: Uncork) -> None:
    first = kept(cached, "long")
    cached.run("maintenance", "on").ok()
    assert away(cached)
    for verbs in CHANGES:
        for verb in verbs:
            cached.run(verb, *((str(cached.root / "hello"),) if verb == "up" else ())).ok()
        assert away(cached)
    assert away(cached, "/static/hello.css")
    assert away(cached, "/kept/a")
    assert "told to come again" in cached.run("status").ok().out
    cached.run("maintenance", "off").ok()
    assert not away(cached)
    assert cached.app()["maintenance"] is None
    assert kept(cached, "long") == first


@pytest.fixture
def ended(cached: Uncork) -> Iterator[Uncork]:
    yield cached
    cached.run("maintenance", "off").ok()


def test_visitors_see_the_page_and_are_told_when_to_come_again(ended: Uncork, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<h1>Wir sind gleich zurück</h1>")
    ended.run("maintenance", "on", "--page", str(page)).ok()
    for method, body in (("GET", None), ("POST", b"x" * 900_000)):
        reply = ended.ask(method, "/echo", body)
        assert (reply.status, reply.text) == (503, page.read_text())
        assert reply.headers["Retry-After"] == "300"
        assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
        assert reply.headers["Cache-Control"] == "no-store"
    page.write_text("<h1>Another</h1>")
    ended.run("maintenance", "on", "--page", str(page)).ok()
    assert ended.get().text == "<h1>Another</h1>"
    ended.run("maintenance", "on").ok()
    assert "come again" in ended.get().text


def test_health_and_those_who_are_named_get_through(ended: Uncork) -> None:
    ended.run("maintenance", "on", "--allow", "192.0.2.0/24", "--allow", "2001:db8::1").ok()
    assert ended.get("/about").status == 200
    assert away(ended)
    ended.run("maintenance", "on", "--allow", "127.0.0.1").ok()
    assert ended.get().status == 200


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--allow", "example.com", "no address"),
        ("--page", "/nowhere.html", "not found"),
        ("--page", "/", ""),
        ("--page", "/dev/zero", "1 MB"),
    ],
)
def test_what_can_not_be_is_refused_and_nothing_changes(cached: Uncork, option: str, value: str, told: str) -> None:
    assert told in cached.run("maintenance", "on", option, value).ended(2).err
    assert not away(cached)


def test_what_is_kept_goes_where_the_cache_is_turned_off_and_with_the_app(cached: Uncork) -> None:
    kept(cached, "last")
    folder = cached.home / "run" / "_front" / "cache" / "hello"
    assert list(folder.iterdir())
    rewrite(cached.root / "hello" / "pyproject.toml", "cache = true", "cache = false")
    cached.up(cached.root / "hello").ok()
    assert not list(folder.iterdir())
    assert kept(cached, "last") != kept(cached, "last")
    cached.run("destroy", "--yes").ok()
    assert not folder.exists()
