"""An error of an app that serves, on its way to a mailbox: by the app's own mail settings, and without its secrets."""

import os
from collections.abc import Iterator

import pytest

from tests.e2e.state import Uncork, eventually
from tests.integration.alerts.servers import Inbox, mail_server

CANARY = "canary-9f27c1d8"
APP = """
import os

from flask import Flask, request

app = Flask(__name__)
app.config.update(
    MAIL_SERVER="localhost", MAIL_PORT=int(os.environ["PORT_OF_MAIL"]), ADMINS=["admin@example.com"],
    MAIL_PASSWORD="{canary}-mail",
)


@app.get("/")
def index():
    return "hello"


@app.post("/buy")
def buy():
    token = "{canary}-local"
    setting = os.environ["SETTING"]
    app.logger.warning("password={canary}-message for %s", {{"api_key": "{canary}-argument"}})
    basket = {{"Authorization": request.headers["Authorization"], "goods": [setting]}}
    raise RuntimeError("token=" + token + ", and " + setting)
"""


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with mail_server(Inbox()) as found:
        yield found


@pytest.fixture
def shop(uncork: Uncork, inbox: Inbox) -> Uncork:
    project = uncork.root / "shop"
    project.mkdir()
    (project / "app.py").write_text(APP.format(canary=CANARY))
    (project / "requirements.txt").write_text("flask\n")
    uncork.run("config", "set", "--app", "shop", f"SETTING={CANARY}-environment", f"PORT_OF_MAIL={inbox.port}").ok()
    uncork.up(project).ok()
    return uncork


def test_an_error_reaches_the_administrator_that_the_app_names_and_tells_no_secret(shop: Uncork, inbox: Inbox) -> None:
    headers = {"Authorization": f"Bearer {CANARY}-header", "Cookie": f"session={CANARY}-cookie"}
    for _ in range(3):
        assert shop.ask("POST", "/buy", headers=headers).status == 500

    eventually(lambda: bool(inbox.mails))
    (mail,) = inbox.mails
    assert mail["Subject"].strip().startswith("[shop] RuntimeError: token=")
    assert "(app.py:24 in buy)" in mail["Subject"]

    (error,) = shop.run("errors", "--json").json()["errors"]
    shown = shop.run("errors", "show", error["id"]).ok()
    as_json = shop.run("errors", "show", error["id"], "--json").ok()
    assert "Traceback" in shown.out
    assert "POST /buy" in shown.out
    told = [mail.as_string(), shown.out, as_json.out, *(str(part.get_content()) for part in mail.iter_parts())]
    assert [text for text in told if CANARY in text] == []
    kept = {name: text for name, text in shop.files().items() if CANARY.encode() in text}
    assert [name for name in kept if name.startswith("apps/shop/alerts") or "/logs/" in name] == []


def test_alerts_test_says_where_it_went_or_what_to_mend(shop: Uncork, inbox: Inbox) -> None:
    sent = shop.run("alerts", "test").ok()
    assert sent.out == f"sent to admin@example.com by localhost:{inbox.port} (in the clear)\n"
    assert inbox.mails[0]["Subject"] == "[shop] A test: errors of shop reach you"

    assert shop.run("alerts", "test", "--to", "me@example.com", "--json").ok().json()["app"] == "shop"
    assert inbox.mails[1]["To"] == "me@example.com"

    inbox.rules.recipient = "550 who is that?"
    failed = shop.run("alerts", "test").ended(1)
    assert f"error: localhost:{inbox.port} does not take mail for admin@example.com (550 who is that?)" in failed.err
    assert "fix: see that `admins` under [mail] is right" in failed.err


def test_mail_that_is_refused_for_good_is_told_by_status_and_the_agents_log(shop: Uncork, inbox: Inbox) -> None:
    inbox.rules.data = "554 not from here"
    shop.ask("POST", "/buy", headers={"Authorization": "Basic abc"})

    eventually(lambda: "554 not from here" in shop.run("status").out)
    assert "554 not from here" in (shop.home / "logs" / "agent.log").read_text()
    assert len(shop.run("errors", "--json").json()["errors"]) == 1


@pytest.mark.skipif(os.getuid() != 0, reason="only root could be led astray")
def test_a_link_that_an_app_plants_leads_root_nowhere(shop: Uncork) -> None:
    shop.ask("POST", "/buy", headers={"Authorization": "Basic abc"})
    errors = shop.home / "apps" / "shop" / "alerts" / "errors.db"
    eventually(errors.exists)
    secret = shop.root / "for-root-alone"
    secret.mkdir(0o700)
    (secret / "errors.db").write_bytes(errors.read_bytes())
    shop.run("down").ok()
    errors.unlink()
    errors.symlink_to(secret / "errors.db")

    for argv in (("errors",), ("errors", "resolve", "a")):
        assert "can't open" in shop.run(*argv).ended(1).err
    assert [path.name for path in secret.iterdir()] == ["errors.db"]


def test_errors_are_settled_by_their_ids(shop: Uncork) -> None:
    assert shop.run("errors").ok().out == "shop has no open errors\n"
    shop.ask("POST", "/buy", headers={"Authorization": "Basic abc"})
    eventually(lambda: bool(shop.run("errors", "--json").json()["errors"]))
    (error,) = shop.run("errors", "--json").json()["errors"]

    assert shop.run("errors", "resolve", error["id"]).ok().out.startswith(f"{error['id']} is resolved in release 1: ")
    assert "1 resolved or muted" in shop.run("errors").ok().out
    assert error["id"] in shop.run("errors", "--all").ok().out
    assert shop.run("errors", "mute", error["id"], "--json").ok().json()["error"]["state"] == "muted"
    assert shop.run("errors", "reopen", error["id"][:4]).ok().out.startswith(f"{error['id']} is open: ")
    unknown = shop.run("errors", "show", "nothing").ended(2)
    assert "shop has no error 'nothing'" in unknown.err
