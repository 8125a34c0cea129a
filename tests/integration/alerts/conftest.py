"""An app with a spool, whose errors reach a mail server of the test's own."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.integration.alerts.servers import Authority, Inbox, mail_server
from uncork.alerts.collection import collect
from uncork.alerts.delivery import deliver
from uncork.alerts.groups import MUTED, OPEN, RESOLVED, Group, Groups
from uncork.alerts.obstacle import Obstacle
from uncork.alerts.settings import Settings
from uncork.alerts.store import opened
from uncork.app_layout import AppLayout
from uncork.layout import Layout
from uncork.model import Release
from uncork.notices import Mail
from uncork.serving import Protocol, Service, Site

NOON = 1_700_000_000.0
SPOOLED = {
    "v": 1,
    "kind": "error",
    "app": "shop",
    "environment": "production",
    "level": "ERROR",
    "logger": "shop",
    "type": "ZeroDivisionError",
    "message": "division by zero",
    "place": "shop/views.py:41 in buy",
    "pid": 7,
    "chain": [
        {
            "type": "ZeroDivisionError",
            "message": "division by zero",
            "frames": [
                {"file": "flask/app.py", "line": 880, "function": "dispatch", "code": "return f()", "own": False},
                {
                    "file": "shop/views.py",
                    "line": 41,
                    "function": "buy",
                    "code": "return 1 / n",
                    "own": True,
                    "locals": {"n": "0"},
                },
            ],
        }
    ],
}


@dataclass
class Shop:
    """An app, its clock, and what its agent does."""

    layout: AppLayout
    release: Release
    now: float = NOON

    def spool(self, fp: int = 1, count: int = 1, **more: object) -> None:
        """Let a worker spool one error in full, and then that it came again."""
        with self.layout.spool.open("a") as spool:
            for number in range(count):
                again = {"v": 1, "kind": "again", "id": "", "sent_by_app": more.get("sent_by_app", False)}
                what = {"fp": f"{fp:016x}", "time": self.now, "release": self.release.id}
                spool.write(json.dumps({**(again if number else {**SPOOLED, **more}), **what}) + "\n")

    def collect(self) -> Obstacle | None:
        return collect(self.layout, self.release, self.now)

    def deliver(self) -> Obstacle | None:
        return deliver(self.layout, self.release, self.now)

    def run(self, seconds: float = 0.0) -> Obstacle | None:
        """Let time pass, and the agent look."""
        self.now += seconds
        return self.collect() or self.deliver()

    def mailed_by(self, port: int, **more: object) -> "Shop":
        """Say which server takes its mail."""
        said = {"server": "localhost", "port": port, "admins": ("admin@example.com",)}
        self.release = replace(self.release, mail=Mail(**{**said, **more}))  # type: ignore[arg-type]
        return self

    def password(self, text: str) -> None:
        self.layout.secrets.parent.mkdir(exist_ok=True)
        self.layout.secrets.write_text(f"MAIL_PASSWORD={json.dumps(text)}\n")

    def groups(self) -> tuple[Group, ...]:
        with opened(self.layout.errors) as database:
            return Groups(database).all((OPEN, RESOLVED, MUTED))

    def change(self, fp: int, state: str) -> None:
        with opened(self.layout.errors) as database:
            Groups(database).change(f"{fp:016x}", state, self.release.id)

    def next_release(self) -> None:
        self.release = replace(self.release, id=self.release.id + 1)


def counted(inbox: Inbox) -> int:
    """How many errors the mails tell of, all in all."""
    return sum(_told(mail) for mail in inbox.mails)


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    part = mail.get_body(("plain",))
    assert part
    return str(part.get_content()).replace("\r\n", "\n")


def _told(mail: EmailMessage) -> int:
    if mail["X-Uncork"] == "digest":
        return sum(int(count) for count in re.findall(r"^ +(\d+) x ", text_of(mail), re.MULTILINE))
    often = re.search(r"^How often +(?:once|(\d+) times),", text_of(mail), re.MULTILINE)
    assert often, text_of(mail)
    return int(often[1] or 1)


def shop_in(home: Path) -> Shop:
    """The app of a state directory, made if need be."""
    layout = Layout(home, home / "run").app("shop")
    layout.alerts.mkdir(parents=True, exist_ok=True)
    service = Service(("true",), "/", Protocol.UWSGI)
    release = Release(
        12, "shop", "production", "2026-11-22T16:05:12Z", "", "", "", "uwsgi", "", service, Site("shop", Protocol.UWSGI)
    )
    return Shop(layout, release)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shop_in(tmp_path)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with mail_server(Inbox()) as found:
        yield found


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Its certificates are accepted on this machine."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    return authority


@pytest.fixture
def settings() -> Settings:
    return Settings(server="localhost", admins=("admin@example.com",), sender="uncork@example.com")
