"""Requests shared out among several backends, of which some are down, slow or gone while they answer."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Thread

import pytest

from tests.contract.front import Reply, Running, Upstream, front
from uncork.serving import LOCAL, PathRule, Protocol, Site
from uncork.serving import Upstream as Backend


class Named(Upstream):
    """Answers with its name, the folder that its socket is in."""

    def __init__(self, path: Path, speaks: Protocol) -> None:
        path.parent.mkdir(exist_ok=True)
        self._called = path.parent.name
        super().__init__(path, speaks)

    def answer(self, said: dict[str, str]) -> bytes:  # noqa: ARG002 -- it says the same to everybody
        return f"HTTP/1.1 200 OK\r\nContent-Length: {len(self._called)}\r\n\r\n{self._called}".encode()


class Hanging(Thread):
    """Takes every connection, reads what it is sent, and says nothing; or hangs up then."""

    def __init__(self, *, up: bool) -> None:
        super().__init__(daemon=True)
        self._up = up
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.taken: list[socket.socket] = []
        self.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.listener.getsockname()[1]}"

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.taken.append(connection)
            if self._up:
                connection.recv(65536)
                connection.close()

    def close(self) -> None:
        """Take no more. One that went on waiting could take what comes to the next listener of that number."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.join()
        self.listener.close()


def down() -> str:
    """An address that nobody listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


def many(running: Running, path: str, times: int, method: str = "GET") -> list[Reply]:
    body = b"x" if method == "POST" else None
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(lambda _: running.ask(path, method=method, body=body), range(times)))


def said(replies: list[Reply]) -> list[str]:
    return [f"{reply.status} {reply.body.decode()}" for reply in replies]


@pytest.fixture(params=[Protocol.UWSGI, Protocol.HTTP], ids=lambda speaks: speaks.value)
def speaks(request: pytest.FixtureRequest) -> Protocol:
    return Protocol(request.param)


def other(place: Path, name: str, speaks: Protocol) -> str:
    Named(place / name / "s", speaks)
    return f"unix:{place / name / 's'}"


def test_requests_are_shared_out_by_weight(place: Path, speaks: Protocol) -> None:
    there = other(place, f"share-{speaks.value}", speaks)
    site = Site("shop", speaks, upstreams=(Backend(there, weight=3),))
    with front(place / f"weights-{speaks.value}", (site,), Named) as running:
        found = said([running.ask("/") for _ in range(40)])
    assert (found.count("200 shop"), found.count(f"200 share-{speaks.value}")) == (10, 30)


def test_a_backup_is_asked_only_when_no_other_answers(place: Path) -> None:
    there = other(place, "backup", Protocol.UWSGI)
    site = Site("shop", Protocol.UWSGI, upstreams=(Backend(there, backup=True),))
    with front(place / "in-need", (site,), Named) as running:
        assert set(said(many(running, "/", 20))) == {"200 shop"}
        running.layout.app("shop").entrance(Protocol.UWSGI).unlink()
        assert set(said(many(running, "/", 20))) == {"200 backup"}
        assert set(said(many(running, "/", 20, "POST"))) == {"200 backup"}


def test_this_machine_s_release_may_be_the_backup(place: Path) -> None:
    site = Site("shop", Protocol.UWSGI, upstreams=(Backend(LOCAL, backup=True), Backend(down())))
    with front(place / "local-backup", (site,), Named) as running:
        assert set(said(many(running, "/", 20))) == {"200 shop"}


def test_no_get_fails_where_backends_are_down_or_slow(place: Path) -> None:
    with ExitStack() as stack:
        broken, slow = Hanging(up=True), Hanging(up=False)
        for one in (broken, slow):
            stack.callback(one.close)
        sites = tuple(
            Site(
                f"mixed-{speaks.value}", speaks, mount=mount, balance=balance,
                paths=(PathRule("/soon", timeout=0.001),),
                upstreams=tuple(Backend(one) for one in (
                    other(place, f"mixed-{speaks.value}", speaks), down(), broken.address, slow.address,
                )),
            )
            for mount, speaks, balance in (
                ("/", Protocol.UWSGI, "round-robin"), ("/http", Protocol.HTTP, "least-connections"),
            )
        )  # fmt: skip
        running = stack.enter_context(front(place / "mixed", sites, Named))
        # Not to wait for the time-outs of the one app, and then for those of the other.
        with ThreadPoolExecutor(2) as both:
            found = both.map(lambda path: many(running, path, 60) + many(running, path, 20), ("/soon", "/http/soon"))
            assert {reply.status for replies in found for reply in replies} == {200}
    assert broken.taken
    assert slow.taken


def test_a_post_that_was_sent_is_never_sent_again(place: Path) -> None:
    broken = Hanging(up=True)
    site = Site("shop", Protocol.UWSGI, upstreams=(Backend(broken.address), Backend(LOCAL, backup=True)))
    with front(place / "post", (site,), Named) as running, closing(broken):
        assert running.ask("/", method="POST", body=b"x").status == 502
        assert len(broken.taken) == 1
        assert running.ask("/").status == 200
