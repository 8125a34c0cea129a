"""What nginx keeps of responses, and for whom: before a server whose pages say by their query how they are answered."""

import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.contract.front import Reply, Running, Upstream, front
from tests.e2e.state import eventually
from uncork.serving import Cache, PathRule, Protocol, Site

KEPT = "cc=max-age%3D600"


class Pages(Upstream):
    """Answers with how often the page was asked for; the query says by which fields, and with which status."""

    def __init__(self, path: Path, speaks: Protocol) -> None:
        self.asked: Counter[str] = Counter()
        self.failing = Event()
        self.open = Event()
        self.open.set()
        super().__init__(path, speaks)

    def serve(self, connection: socket.socket) -> None:
        Thread(target=super().serve, args=(connection,), daemon=True).start()

    def answer(self, said: dict[str, str]) -> bytes:
        """What is behind the gate waits until that is open; `from` says from which time on the fields are there."""
        method, uri = said.get("REQUEST_METHOD", ""), said.get("REQUEST_URI", "")
        if not uri:
            method, uri, _ = said[""].split()
        path = urlsplit(uri).path
        self.asked[path] += 1
        body = str(self.asked[path]).encode()
        if path.startswith("/gate/"):
            self.open.wait(20)
        asked = dict(parse_qsl(urlsplit(uri).query))
        names = {"cc": "Cache-Control", "vary": "Vary", "cookie": "Set-Cookie", "expires": "Expires"}
        said_now = asked if int(body) >= int(asked.get("from", 0)) else {}
        fields = "".join(f"{names[key]}: {value}\r\n" for key, value in said_now.items() if key in names)
        status = 500 if self.failing.is_set() else int(asked.get("status", 200))
        head = f"HTTP/1.1 {status} X\r\n{fields}Content-Length: {len(body)}\r\n\r\n"
        return head.encode() + (b"" if method == "HEAD" else body)


@pytest.fixture(scope="module", params=[Protocol.UWSGI, Protocol.HTTP], ids=lambda speaks: speaks.value)
def served(request: pytest.FixtureRequest, place: Path) -> Iterator[tuple[Running, Pages]]:
    speaks = Protocol(request.param)
    found: list[Pages] = []

    def begin(path: Path, protocol: Protocol) -> None:
        found.append(Pages(path, protocol))

    paths = (PathRule("/never", cache=False),)
    site = Site("shop", speaks, ("example.com",), cache=Cache(on=True), cookies=("session", "re.member"), paths=paths)
    with front(place / f"cache-{speaks.value}", (site,), begin) as running:
        yield running, found[0]


@pytest.fixture
def running(served: tuple[Running, Pages]) -> Running:
    return served[0]


@pytest.fixture
def pages(served: tuple[Running, Pages]) -> Iterator[Pages]:
    yield served[1]
    served[1].failing.clear()
    served[1].open.set()


def bodies(running: Running, uri: str, times: int = 2, **headers: str) -> list[str]:
    return [running.ask(uri, **headers).body.decode() for _ in range(times)]


@pytest.mark.parametrize("said", [KEPT, "cc=public,s-maxage%3D60", "expires=Thu,+01+Jan+2037+00:00:00+GMT",
                                  f"{KEPT}&status=404"])  # fmt: skip
def test_a_response_is_kept_as_long_as_it_says(running: Running, said: str) -> None:
    assert bodies(running, f"/kept/{said[:20]}{len(said)}?{said}") == ["1", "1"]


@pytest.mark.parametrize(
    "said",
    ["", "cc=public", "cc=no-store", "cc=private,max-age%3D60", "cc=no-cache", "cc=max-age%3D0", f"{KEPT}&cookie=a%3Db",
     f"{KEPT}&vary=*", "cc=max-age%3D60,must-revalidate", f"{KEPT}&status=500", f"{KEPT}&status=503"],
)  # fmt: skip
def test_what_does_not_say_that_it_may_be_kept_is_not(running: Running, said: str) -> None:
    assert bodies(running, f"/not-kept/{said}?{said}", 3) == ["1", "2", "3"]


@pytest.mark.parametrize("said", [{"Cookie": "a=b; session=x"}, {"Cookie": "re.member=x"}, {"Authorization": "Basic x"},
                                  {"Accept": "text/event-stream"}], ids=str)  # fmt: skip
def test_who_says_who_it_is_gets_a_response_of_its_own_and_leaves_none(running: Running, said: dict[str, str]) -> None:
    path = f"/person/{next(iter(said.values()))[-5:].encode().hex()}?{KEPT}"
    assert bodies(running, path, 2, **said) == ["1", "2"]
    assert bodies(running, path) == ["3", "3"]
    assert bodies(running, path, 1, **said) == ["4"]
    assert bodies(running, path, 1, Cookie="theme=dark; mysession=1; rexmember=1") == ["3"]


def test_what_varies_by_a_field_is_kept_for_each_of_its_values(running: Running) -> None:
    path = f"/varies?{KEPT}&vary=Accept-Language"
    assert bodies(running, path, 2, Accept_Language="de") == ["1", "1"]
    assert bodies(running, path, 2, Accept_Language="fr") == ["2", "2"]
    assert bodies(running, path, 1, Accept_Language="de") == ["1"]


def test_no_other_query_host_or_method_gets_it(running: Running) -> None:
    assert bodies(running, f"/same?{KEPT}") == ["1", "1"]
    assert bodies(running, f"/same?{KEPT}&a=1") == ["2", "2"]
    assert running.ask(f"/same?{KEPT}", "example.com").body == b"3"
    assert running.ask(f"/same?{KEPT}", "example.com:81").body == b"4"
    assert running.ask(f"/same?{KEPT}", method="POST", body=b"x").body == b"5"
    assert bodies(running, f"/same?{KEPT}", 1) == ["1"]


def test_a_head_without_a_body_is_not_what_a_get_is_answered_with(running: Running) -> None:
    assert running.ask(f"/head?{KEPT}", method="HEAD").status == 200
    assert bodies(running, f"/head?{KEPT}") == ["2", "2"]


def test_a_get_with_a_body_is_answered_by_the_app_and_leaves_nothing(running: Running) -> None:
    assert running.ask(f"/body?{KEPT}", body=b"x").body == b"1"
    assert bodies(running, f"/body?{KEPT}") == ["2", "2"]
    assert running.ask(f"/body?{KEPT}", body=b"x").body == b"3"


def test_a_path_may_be_left_out(running: Running) -> None:
    assert bodies(running, f"/never/this?{KEPT}") == ["1", "2"]


def test_each_visitor_gets_an_id_of_its_own(running: Running) -> None:
    ids = [running.ask(f"/id?{KEPT}").header("X-Request-ID") for _ in range(2)]
    assert len(set(ids)) == 2


def begun(pool: ThreadPoolExecutor, running: Running, uri: str, times: int) -> list[Future[Reply]]:
    return [pool.submit(running.ask, uri) for _ in range(times)]


def answers(asking: list[Future[Reply]]) -> list[str]:
    return [one.result(20).body.decode() for one in asking]


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(64) as made:
        yield made


def test_one_request_at_a_time_fills_an_entry(running: Running, pages: Pages, pool: ThreadPoolExecutor) -> None:
    pages.open.clear()
    asking = begun(pool, running, f"/gate/one?{KEPT}", 12)
    eventually(lambda: pages.asked["/gate/one"] == 1)
    pages.open.set()
    assert answers(asking) == ["1"] * 12


def test_for_what_can_not_be_kept_nobody_waits(running: Running, pages: Pages, pool: ThreadPoolExecutor) -> None:
    running.ask("/gate/unkept")
    pages.open.clear()
    asking = begun(pool, running, "/gate/unkept", 12)
    eventually(lambda: pages.asked["/gate/unkept"] == 13)
    pages.open.set()
    assert sorted(map(int, answers(asking))) == list(range(2, 14))


def test_what_could_not_be_kept_is_as_soon_as_it_can(running: Running) -> None:
    assert bodies(running, "/turns?cc=max-age%3D60&from=3", 5) == ["1", "2", "3", "3", "3"]


def test_the_old_response_is_given_while_one_request_fetches_the_new(
    running: Running, pages: Pages, pool: ThreadPoolExecutor
) -> None:
    page = "/gate/old?cc=max-age%3D1"
    assert bodies(running, page) == ["1", "1"]
    pages.open.clear()
    asking: list[Future[Reply]] = []

    def asked_again() -> bool:
        asking.extend(begun(pool, running, page, 1))
        return pages.asked["/gate/old"] == 2

    eventually(asked_again)
    assert bodies(running, page, 3) == ["1", "1", "1"]
    pages.open.set()
    assert set(answers(asking)) == {"1", "2"}
    assert pages.asked["/gate/old"] == 2


def test_the_old_response_is_given_while_the_app_fails(running: Running, pages: Pages) -> None:
    page = "/fails?cc=max-age%3D1"
    assert bodies(running, page) == ["1", "1"]
    pages.failing.set()
    seen: list[Reply] = []

    def asked_again() -> bool:
        seen.append(running.ask(page))
        return pages.asked["/fails"] > 1

    eventually(asked_again)
    assert {(reply.status, reply.body) for reply in seen} == {(200, b"1")}
    assert running.ask("/fails-at-first?cc=max-age%3D1").status == 500
