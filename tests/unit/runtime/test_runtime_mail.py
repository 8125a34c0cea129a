"""What the app's own config says of mail, left for the agent."""

import json
from pathlib import Path

import pytest
from flask import Flask

from uncork_runtime import mail

NOTHING = dict.fromkeys(mail.KEYS)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UNCORK_RUN", str(tmp_path))
    return tmp_path / "mail.json"


def configured(**config: object) -> Flask:
    app = Flask("shop")
    app.config.update(config)
    return app


def test_the_settings_are_written_for_the_group_that_may_enter_the_folder(own: Path) -> None:
    own.write_text("an older one")
    mail.take_over(
        configured(
            MAIL_SERVER="mail.example", MAIL_PORT="587", MAIL_USERNAME="shop", MAIL_PASSWORD="x", MAIL_USE_TLS=1,
            MAIL_USE_SSL=False, MAIL_DEFAULT_SENDER=("The Shop", "shop@example.com"), ADMINS=["ada@example.com"],
        )
    )  # fmt: skip
    assert own.stat().st_mode & 0o777 == 0o640
    assert list(own.parent.iterdir()) == [own]
    assert json.loads(own.read_text()) == {
        "server": "mail.example", "port": 587, "username": "shop", "password": "x", "use_tls": True, "use_ssl": False,
        "default_sender": "The Shop <shop@example.com>", "admins": ["ada@example.com"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({}, {}),
        ({"MAIL_USE_TLS": "false", "MAIL_USE_SSL": "True"}, {"use_tls": False, "use_ssl": True}),
        ({"MAIL_PORT": None}, {}),
        ({"MAIL_PORT": ""}, {}),
        ({"MAIL_PORT": 25}, {"port": 25}),
        ({"ADMINS": "ada@example.com, eve@example.com"}, {"admins": ["ada@example.com", "eve@example.com"]}),
        ({"MAIL_DEFAULT_SENDER": "shop@example.com"}, {"default_sender": "shop@example.com"}),
    ],
)
def test_values_are_told_as_what_they_are_meant_to_be(config: dict[str, object], told: dict[str, object]) -> None:
    assert mail.settings(config) == {**NOTHING, **told}


def test_nothing_is_written_without_a_mail_server(own: Path) -> None:
    mail.take_over(configured(MAIL_SERVER=None, MAIL_PORT=25))
    mail.take_over(lambda *_: [])
    assert not own.exists()


def test_nothing_is_written_where_no_instance_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UNCORK_RUN", raising=False)
    monkeypatch.chdir(tmp_path)
    mail.take_over(configured(MAIL_SERVER="mail.example"))
    assert list(tmp_path.iterdir()) == []
