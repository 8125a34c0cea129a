"""The status report of yesterday, on its way to a mailbox: once, though the agent is killed."""

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta

import pytest

from tests.e2e.state import Uncork, copied, eventually
from tests.integration.alerts.servers import Inbox, mail_server

MAIL = """
[tool.uncork.mail]
server = "localhost"
port = {port}
use_tls = false
admins = ["admin@example.com"]
report = "00:00"
"""


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with mail_server(Inbox()) as found:
        yield found


def agents(uncork: Uncork) -> set[int]:
    return {pid for pid, argv in uncork.processes().items() if "uncork.agent" in argv}


def waiting(uncork: Uncork) -> int:
    """How many messages are not known to be sent."""
    path = uncork.home / "apps" / "hello" / "alerts" / "errors.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return int(database.execute("SELECT count(*) FROM outbox WHERE state = 'waiting'").fetchone()[0])


def test_yesterdays_report_is_mailed_once_though_the_agent_is_killed(uncork: Uncork, inbox: Inbox) -> None:
    project = copied("hello", uncork.root / "hello")
    with (project / "pyproject.toml").open("a") as file:
        file.write(MAIL.format(port=inbox.port))
    uncork.up(project).ok()
    yesterday = (datetime.now().astimezone() - timedelta(days=1)).date()
    with (uncork.home / "apps" / "hello" / "logs" / "access.log").open("a") as log:
        log.write(
            f'{{"time":"{yesterday}T12:00:00.000+00:00","status":500,"seconds":0.5,"method":"GET","route":"/pay"}}\n'
        )
    before = agents(uncork)
    # It has found yesterday empty, and looks again when it starts anew.
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: bool(inbox.mails) and not waiting(uncork), within=20)
    again = agents(uncork)
    assert again
    assert again != before
    for pid in again:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: bool(agents(uncork) - again), within=20)
    uncork.run("report", "--send", "--day", "today").ok()
    eventually(lambda: len(inbox.mails) > 1, within=20)

    first, second = inbox.mails
    assert first["Subject"] == f"[hello] Status of {yesterday}: 1 request, 100 % failed, no new errors"
    assert f"Status of {yesterday + timedelta(days=1)}" in second["Subject"]
    text, html = first.iter_parts()
    assert "GET /pay" in text.get_content()
    assert "GET /pay" in html.get_content()
