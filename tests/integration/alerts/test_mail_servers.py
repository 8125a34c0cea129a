"""Mail servers that are away, hang, refuse, or aren't who they should be: the mail waits, or somebody is told why."""

import os
import signal
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from socketserver import BaseRequestHandler
from time import sleep

import pytest

from tests.e2e.state import free_port
from tests.integration.alerts.conftest import Shop, counted
from tests.integration.alerts.servers import PASSWORD, USER, Authority, Inbox, Rules, listener, mail_server
from uncork.alerts.senders.sender import Misconfigured, Partly, Postponed, Refused, SenderError, Unconfirmed
from uncork.alerts.senders.smtp import Smtp
from uncork.alerts.settings import Settings
from uncork.notices import Message

MESSAGE = Message("it broke", "all of it\n", "<p>all of it</p>")
SHORT = 0.3
KILLED = (sys.executable, "-m", "tests.integration.alerts.killed")


def refused(settings: Settings, kind: type[SenderError] = SenderError, seconds: float = 30.0) -> SenderError:
    """What sending comes to; the conversation is cut off after that many seconds."""
    with pytest.raises(kind) as raised:
        Smtp(settings, seconds).send(MESSAGE, "one", 0.0)
    assert raised.type is kind
    assert raised.value.fix
    return raised.value


def on(settings: Settings, port: int, **more: object) -> Settings:
    return replace(settings, port=port, **more)  # type: ignore[arg-type]


def expired(authority: Authority) -> ssl.SSLContext:
    return authority.context(not_after=datetime.now(timezone.utc) - timedelta(days=1))


def test_mail_goes_over_implicit_tls(settings: Settings, trusted: Authority) -> None:
    with mail_server(Inbox(), implicit=trusted.context()) as inbox:
        Smtp(on(settings, inbox.port, use_ssl=True)).send(MESSAGE, "one", 0.0)

    assert inbox.subjects() == ["it broke"]


def test_mail_goes_over_starttls_with_a_password(settings: Settings, trusted: Authority) -> None:
    with mail_server(Inbox(), starttls=trusted.context(), login=True) as inbox:
        known = on(settings, inbox.port, use_tls=True, username=USER, password=PASSWORD)
        Smtp(known).send(MESSAGE, "one", 0.0)

    assert inbox.subjects() == ["it broke"]


def test_a_password_goes_over_starttls_though_nobody_asked_for_it(settings: Settings, trusted: Authority) -> None:
    with mail_server(Inbox(), starttls=trusted.context(), login=True) as inbox:
        Smtp(on(settings, inbox.port, username=USER, password=PASSWORD)).send(MESSAGE, "one", 0.0)

    assert inbox.subjects() == ["it broke"]


def test_the_same_message_has_the_same_id_at_every_attempt(settings: Settings) -> None:
    with mail_server(Inbox()) as inbox:
        for name in ("one", "one", "two"):
            Smtp(on(settings, inbox.port)).send(MESSAGE, name, 0.0)

    ids = [mail["Message-ID"] for mail in inbox.mails]
    assert ids[0] == ids[1] != ids[2]


def test_addresses_and_texts_beyond_ascii_arrive(settings: Settings) -> None:
    with mail_server(Inbox()) as inbox:
        known = on(settings, inbox.port, sender="Käse <käse@käse.example>", admins=("jürgen@example.com",))
        Smtp(known).send(Message("größer", "größer\n"), "one", 0.0)

    assert inbox.subjects() == ["größer"]


def test_a_certificate_that_has_expired_is_refused(settings: Settings, trusted: Authority) -> None:
    with mail_server(Inbox(), implicit=expired(trusted)) as inbox:
        error = refused(on(settings, inbox.port, use_ssl=True), Misconfigured)

    assert error.problem == f"the certificate of localhost:{inbox.port} has expired"
    assert inbox.mails == []


def test_a_certificate_of_another_name_is_refused(settings: Settings, trusted: Authority) -> None:
    with mail_server(Inbox(), starttls=trusted.context("mail.example.com")) as inbox:
        error = refused(on(settings, inbox.port, use_tls=True), Misconfigured)

    assert error.problem == f"the certificate of localhost:{inbox.port} is for another name"


def test_a_certificate_of_a_stranger_is_refused(settings: Settings, authority: Authority) -> None:
    with mail_server(Inbox(), implicit=authority.context()) as inbox:
        error = refused(on(settings, inbox.port, use_ssl=True), Misconfigured)

    assert "from an authority that this machine does not know" in error.problem


def test_a_server_in_the_clear_is_no_server_for_tls(settings: Settings) -> None:
    with mail_server(Inbox()) as inbox:
        implicit = refused(on(settings, inbox.port, use_ssl=True), Misconfigured)
        starttls = refused(on(settings, inbox.port, use_tls=True), Misconfigured)

    assert "does not speak TLS as it should" in implicit.problem
    assert starttls.problem == f"localhost:{inbox.port} offers no STARTTLS"


def test_a_wrong_password_is_named(settings: Settings, trusted: Authority) -> None:
    with mail_server(Inbox(), starttls=trusted.context(), login=True) as inbox:
        known = on(settings, inbox.port, use_tls=True, username=USER, password="wrong")
        error = refused(known, Misconfigured)

    assert error.problem.startswith(f"localhost:{inbox.port} does not accept the password of {USER} (535 ")
    assert "config set MAIL_PASSWORD" in error.fix


def test_a_server_that_wants_no_password_is_told_of(settings: Settings) -> None:
    with mail_server(Inbox()) as inbox:
        error = refused(on(settings, inbox.port, username=USER, password=PASSWORD), Misconfigured)

    assert error.problem == f"localhost:{inbox.port} takes no password for {USER}"


@pytest.mark.parametrize(
    ("rules", "kind", "problem"),
    [
        (Rules(sender="451 later"), Postponed, "does not take mail from uncork@example.com (451 later)"),
        (Rules(sender="550 not you"), Refused, "does not take mail from uncork@example.com (550 not you)"),
        (Rules(recipient="450 later"), Postponed, "does not take mail for admin@example.com (450 later)"),
        (Rules(recipient="550 who?"), Refused, "does not take mail for admin@example.com (550 who?)"),
        (Rules(data="452 full"), Postponed, "does not take the mail (452 full)"),
        (Rules(data="554 spam"), Refused, "does not take the mail (554 spam)"),
    ],
)
def test_what_a_server_refuses_is_told_in_its_words(
    settings: Settings, rules: Rules, kind: type[SenderError], problem: str
) -> None:
    with mail_server(Inbox(rules)) as inbox:
        error = refused(on(settings, inbox.port), kind)

    assert error.problem == f"localhost:{inbox.port} {problem}"


def test_a_mail_that_some_administrators_cant_get_reaches_the_others(settings: Settings) -> None:
    with mail_server(Inbox(Rules(recipient="550 who?", only="admin@example.com"))) as inbox:
        known = on(settings, inbox.port, admins=("admin@example.com", "gone@example.com"))
        error = refused(known, Partly)

    assert "gone@example.com (550 who?)" in error.problem
    assert len(inbox.mails) == 1


def test_a_server_that_is_away_is_named(settings: Settings) -> None:
    port = free_port()
    assert refused(on(settings, port), Postponed).problem == f"localhost:{port}: nothing answers there"


def test_a_host_that_nobody_knows_is_named(settings: Settings) -> None:
    error = refused(on(settings, 25, server="mail.invalid"), Postponed)
    assert error.problem == "mail.invalid:25: no such host is known"


def silent(handler: BaseRequestHandler) -> None:
    while handler.request.recv(1024):
        pass


def dripping(handler: BaseRequestHandler) -> None:
    """Each byte comes in time, and the line never ends."""
    try:
        while True:
            handler.request.sendall(b"2")
            sleep(SHORT / 10)
    except OSError:
        return


def dripping_later(handler: BaseRequestHandler) -> None:
    handler.request.sendall(b"220 hello\r\n")
    handler.request.recv(1024)
    dripping(handler)


def silent_at_the_end(handler: BaseRequestHandler) -> None:
    """It takes the mail, and says nothing more."""
    handler.request.sendall(b"220 hello\r\n")
    for answer in (b"250 hello\r\n", b"250 OK\r\n", b"250 OK\r\n", b"354 go on\r\n"):
        handler.request.recv(1024)
        handler.request.sendall(answer)
    silent(handler)


@pytest.mark.parametrize(
    ("speak", "more"),
    [
        (silent, {}),
        (silent, {"use_ssl": True}),
        (dripping, {}),
        (dripping_later, {}),
        (dripping_later, {"use_tls": True}),
    ],
)
def test_a_server_that_does_not_come_to_the_point_is_left_at_the_deadline(
    settings: Settings, speak: Callable[[BaseRequestHandler], None], more: dict[str, object]
) -> None:
    with listener(speak) as port:
        error = refused(on(settings, port, **more), Postponed, SHORT)

    assert error.problem == f"localhost:{port} did not answer within {SHORT:g} s"


def test_a_mail_that_may_have_been_taken_is_told_from_one_that_was_not(settings: Settings) -> None:
    with listener(silent_at_the_end) as port:
        error = refused(on(settings, port), Unconfirmed, SHORT)

    assert "did not say whether it keeps it" in error.problem


def test_a_server_that_says_no_more_after_the_mail_has_taken_it(settings: Settings) -> None:
    def hang_up(handler: BaseRequestHandler) -> None:
        handler.request.sendall(b"220 hello\r\n")
        for answer in (b"250 hello\r\n", b"250 OK\r\n", b"250 OK\r\n", b"354 go on\r\n", b"250 taken\r\n"):
            handler.request.recv(4096)
            handler.request.sendall(answer)

    with listener(hang_up) as port:
        Smtp(on(settings, port)).send(Message("short", "short"), "one", 0.0)


def test_mail_waits_for_a_server_that_is_away(shop: Shop) -> None:
    inbox = Inbox(port=free_port())
    shop.mailed_by(inbox.port).spool()
    trouble = shop.run()
    assert trouble
    assert (trouble.problem, trouble.waiting) == (f"localhost:{inbox.port}: nothing answers there", 1)

    with mail_server(inbox):
        assert shop.run(30.0) is None

    assert len(inbox.mails) == 1


def test_a_long_outage_ends_in_few_mails_that_tell_of_everything(shop: Shop) -> None:
    inbox = Inbox(port=free_port())
    shop.mailed_by(inbox.port)
    for time in range(60):
        shop.spool(time % 40, count=15)
        shop.run(300.0)

    with mail_server(inbox):
        shop.run(600.0)
        shop.run(3600.0)

    assert len(inbox.mails) <= 12
    assert counted(inbox) == 900


def test_mail_that_was_postponed_is_sent_once_the_server_takes_it(shop: Shop) -> None:
    with mail_server(Inbox(Rules(data="451 later"))) as inbox:
        shop.mailed_by(inbox.port).spool()
        trouble = shop.run()
        assert trouble
        assert "451 later" in trouble.problem

        inbox.rules.data = ""
        assert shop.run(30.0) is None

    assert len(inbox.mails) == 1


def test_mail_that_was_refused_is_not_tried_again_and_the_trouble_stays_until_one_is_taken(shop: Shop) -> None:
    with mail_server(Inbox(Rules(data="554 spam"))) as inbox:
        shop.mailed_by(inbox.port).spool()
        shop.run()
        inbox.rules.data = ""
        trouble = shop.run(7200.0)
        assert trouble
        assert ("554 spam" in trouble.problem, trouble.waiting) == (True, 0)
        assert inbox.mails == []

        shop.spool(2)
        assert shop.run() is None

    assert len(inbox.mails) == 1


def test_mail_that_was_refused_is_sent_when_the_settings_were_mended(shop: Shop) -> None:
    with mail_server(Inbox(Rules(recipient="550 who?", only="right@example.com"))) as inbox:
        shop.mailed_by(inbox.port).spool()
        assert shop.run()

        shop.mailed_by(inbox.port, admins=("right@example.com",))
        assert shop.run(1.0) is None

    assert len(inbox.mails) == 1


def test_mail_waits_until_the_password_is_right(shop: Shop, trusted: Authority) -> None:
    with mail_server(Inbox(), starttls=trusted.context(), login=True) as inbox:
        shop.mailed_by(inbox.port, use_tls=True, username=USER).spool()
        shop.password("wrong")
        trouble = shop.run()
        assert trouble
        assert "does not accept the password" in trouble.problem

        shop.password(PASSWORD)
        assert shop.run(1.0) is None

    assert len(inbox.mails) == 1


def test_mail_waits_until_the_certificate_is_right(shop: Shop, trusted: Authority) -> None:
    inbox = Inbox(port=free_port())
    shop.mailed_by(inbox.port, use_ssl=True).spool()
    with mail_server(inbox, implicit=expired(trusted)):
        trouble = shop.run()
        assert trouble
        assert "has expired" in trouble.problem

    with mail_server(inbox, implicit=trusted.context()):
        assert shop.run(3601.0) is None

    assert len(inbox.mails) == 1


def test_a_mail_that_a_server_may_have_taken_is_not_sent_for_ever(shop: Shop) -> None:
    taken: list[bytes] = []

    def forgetful(handler: BaseRequestHandler) -> None:
        handler.request.sendall(b"220 hello\r\n")
        for answer in (b"250 hello\r\n", b"250 OK\r\n", b"250 OK\r\n", b"354 go on\r\n"):
            handler.request.recv(4096)
            handler.request.sendall(answer)
        mail = b""
        while not mail.endswith(b"\r\n.\r\n"):
            mail += handler.request.recv(4096)
        taken.append(mail)

    with listener(forgetful) as port:
        shop.mailed_by(port).spool()
        for _ in range(20):
            shop.run(700.0)
            assert len(taken) <= 3

    assert len(taken) == 3


@pytest.mark.slow
def test_a_sender_that_is_killed_sends_nothing_twice_but_what_it_had_in_hand(shop: Shop) -> None:
    with mail_server(Inbox()) as inbox:
        shop.mailed_by(inbox.port, most=100)
        for fp in range(60):
            shop.spool(fp)
        shop.collect()
        kills = 0
        for enough in range(5, 60, 5):
            sender = subprocess.Popen((*KILLED, "deliver", str(shop.layout.home), str(inbox.port)))
            while len(inbox.mails) < enough:
                sleep(0.001)
            os.kill(sender.pid, signal.SIGKILL)
            sender.wait()
            kills += 1
        while shop.run(60.0) or len({mail["Message-ID"] for mail in inbox.mails}) < 60:
            pass

    sent = Counter(mail["Message-ID"] for mail in inbox.mails)
    assert len(sent) == 60
    assert sum(sent.values()) - 60 <= kills
    assert set(sent.values()) <= {1, 2}
