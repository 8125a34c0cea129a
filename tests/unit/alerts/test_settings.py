"""Whom alerts reach: `[mail]` key by key, where it is silent the app's own config, the password from the outside."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from uncork.alerts.senders.smtp import Security, port, security
from uncork.alerts.settings import Settings, read
from uncork.app_layout import AppLayout
from uncork.model import Instance, Release
from uncork.notices import Mail
from uncork.serving import Protocol, Service, Site

RELEASE = Release(
    3, "shop", "production", "", "", "", "", "uwsgi", "", Service((), "/", Protocol.UWSGI), Site("shop", Protocol.UWSGI)
)
OWN = {
    "server": "mail.own.example",
    "port": 465,
    "username": "own",
    "password": "own password",
    "use_tls": False,
    "use_ssl": True,
    "default_sender": "Own <own@example.com>",
    "admins": ["Me <me@example.com>", "nobody"],
}


@pytest.fixture
def app(tmp_path: Path) -> AppLayout:
    return AppLayout(tmp_path, tmp_path / "run", "shop")


def own(app: AppLayout, number: int, **values: object) -> None:
    path = app.mail(Instance("shop", 3, number))
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({**OWN, **values}))


def secrets(app: AppLayout, text: str) -> None:
    app.shared.mkdir(parents=True)
    app.secrets.write_text(text)


def settings(app: AppLayout, **mail: object) -> Settings:
    return read(app, replace(RELEASE, mail=Mail(**mail)), "host")  # type: ignore[arg-type]


def test_without_any_settings_there_is_no_server(app: AppLayout) -> None:
    assert settings(app) == Settings(sender="uncork@host", subject_prefix="[shop] ")


def test_the_apps_own_config_holds_where_uncorks_is_silent(app: AppLayout) -> None:
    own(app, 1)
    assert settings(app) == Settings(
        server="mail.own.example",
        port=465,
        username="own",
        password="own password",
        use_tls=False,
        use_ssl=True,
        sender="Own <own@example.com>",
        admins=("me@example.com",),
        subject_prefix="[shop] ",
    )


def test_uncorks_config_holds_key_by_key(app: AppLayout) -> None:
    own(app, 1)
    found = settings(app, server="mail.example.com", admins=(), subject_prefix="", port=587)
    assert (found.server, found.port, found.admins, found.subject_prefix) == ("mail.example.com", 587, (), "")
    assert found.username == "own"


def test_the_live_instances_config_holds(app: AppLayout) -> None:
    own(app, 1, server="old.example.com")
    own(app, 2, server="new.example.com")
    app.current_socket.symlink_to("3.2/app.sock")
    app.release(3).mkdir(parents=True)
    assert settings(app).server == "new.example.com"


def test_the_password_that_was_set_holds_before_the_apps(app: AppLayout) -> None:
    own(app, 1)
    secrets(app, 'A=1\nbroken "\nMAIL_PASSWORD="set \\u00e9"\nWEBHOOK_URL="https://example.com/hook"\n')
    found = settings(app, webhook="https://example.com/other")
    assert (found.password, found.webhook) == ("set é", "https://example.com/hook")


def test_a_secret_is_in_no_text_of_the_settings(app: AppLayout) -> None:
    secrets(app, 'MAIL_PASSWORD="canary"\nWEBHOOK_URL="https://example.com/canary"\n')
    assert "canary" not in repr(settings(app))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"port":"x"}', "\udcff"])
def test_a_config_that_cant_be_read_says_nothing(app: AppLayout, text: str) -> None:
    own(app, 1)
    app.mail(Instance("shop", 3)).write_bytes(text.encode("utf-8", "surrogateescape"))
    assert settings(app).server == ""


def test_a_config_behind_a_link_is_not_read(app: AppLayout, tmp_path: Path) -> None:
    own(app, 1)
    path = app.mail(Instance("shop", 3))
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert settings(app).server == ""


@pytest.mark.parametrize(
    ("mail", "sender"),
    [
        ({"default_sender": "a@example.com", "username": "b@example.com"}, "a@example.com"),
        ({"username": "b@example.com"}, "b@example.com"),
        ({"username": "b"}, "uncork@host"),
    ],
)
def test_a_sender_is_found_though_none_is_named(app: AppLayout, mail: dict[str, object], sender: str) -> None:
    assert settings(app, **mail).sender == sender


@pytest.mark.parametrize(
    ("values", "how", "at"),
    [
        ({}, Security.NONE, 25),
        ({"username": "a"}, Security.OFFERED, 25),
        ({"username": "a", "use_tls": False}, Security.NONE, 25),
        ({"use_tls": True}, Security.STARTTLS, 587),
        ({"use_ssl": True}, Security.IMPLICIT, 465),
        ({"port": 465}, Security.IMPLICIT, 465),
        ({"port": 465, "use_tls": True}, Security.IMPLICIT, 465),
        ({"port": 587}, Security.STARTTLS, 587),
        ({"port": 587, "use_ssl": True, "use_tls": False}, Security.STARTTLS, 587),
        ({"port": 2525, "use_ssl": True}, Security.IMPLICIT, 2525),
    ],
)
def test_the_port_says_how_to_speak(values: dict[str, object], how: Security, at: int) -> None:
    found = Settings(**values)  # type: ignore[arg-type]
    assert (security(found), port(found)) == (how, at)
