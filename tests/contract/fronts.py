"""Sites of every kind behind each front: with names, mounts and static folders, stopped, before a server of HTTP."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

from tests.contract import apache
from tests.contract.front import Running, front, system_front
from uncork.serving import Protocol, Site, Static

FRONTS: Final[Mapping[str, Callable[[Path, tuple[Site, ...]], AbstractContextManager[Running]]]] = {
    "nginx": front,
    "system-nginx": system_front,
    "apache": apache.front,
}
STATIC: Final = {
    "app.css": "body {}",
    "app.3f2a9c1d.css": "a",
    "app-20240131.css": "b",
    ".env": "SECRET",
    "sub/x.js": "1" * 2000,
}


@contextmanager
def serving(kind: str, place: Path) -> Iterator[Running]:
    """A front of that kind, with the sites behind it."""
    home = place / kind
    folder = home / "st at;ic{}'\"\\é"
    for name, text in STATIC.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    static = (Static("/static/", str(folder)),)
    sites = (
        Site("blog", Protocol.UWSGI, ("example.com",), static=static, max_body=1000),
        Site("shop", Protocol.UWSGI, ("example.com", "*.shop.example", "[2001:db8::7]"), "/shop", static),
        Site("api", Protocol.HTTP, ("[2001:db8::7]",), mount="/a p;{}é"),
        Site("old", Protocol.UWSGI, stopped=True, static=static),
    )
    with FRONTS[kind](home, sites) as made:
        yield made


def logged(running: Running, app: str, uri: str, host: str) -> dict[str, object]:
    """The last line of an app's access log, once it is of that visit."""
    last: dict[str, object] = {}
    deadline = time.monotonic() + 10
    while (last.get("uri"), last.get("host")) != (uri, host):
        assert time.monotonic() < deadline, last
        running.flush()
        time.sleep(0.02)
        lines = running.log(app).read_text().splitlines()
        last = json.loads(lines[-1]) if lines else {}
    return last
