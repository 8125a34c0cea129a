"""What is secret is in nothing that is written, however it was said."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.runtime.logged import asked, fresh, record
from uncork_runtime import redaction
from uncork_runtime.formats import formatter, masked
from uncork_runtime.redaction import REDACTED, is_secret, redact, redact_mapping, redact_traceback, redact_value
from uncork_runtime.settings import Settings

SETTINGS = Settings("shop", "production", 12)
FORMATS: dict[str, logging.Formatter] = {
    "text": formatter(SETTINGS),
    "json": formatter(SETTINGS._replace(format="json")),
    "string": formatter(SETTINGS._replace(format="%(levelname)s %(message)s")),
    "colours": formatter(SETTINGS, coloured=True),
    "the app's own": masked(logging.Formatter("%(message)s"), SETTINGS),
}
KEYS = (
    "password",
    "PASSWD",
    "db_password",
    "token",
    "csrf_token",
    "Authorization",
    "HTTP_COOKIE",
    "client_secret",
    "API_KEY",
    "X-Api-Key",
    "apikey",
    "session",
    "session_id",
    "credentials",
    "private_key",
    "AWS_ACCESS_KEY_ID",
)
# Any text that can't be mistaken for what is said around it.
CANARIES = st.text(min_size=6).map(lambda text: f"Zq7x{text}Zq7x").filter(lambda text: "redacted" not in text)
WORDS = st.text("abcXYZ019_.~+/!$%*-", min_size=3).map(lambda text: f"Zq7x{text}Zq7x")


@pytest.fixture(autouse=True)
def _apart() -> Iterator[None]:
    with fresh():
        yield


@given(st.sampled_from(KEYS), CANARIES)
def test_a_secret_of_a_mapping_never_comes_through(key: str, canary: str) -> None:
    said = repr(redact_mapping({key: canary, "a": {key: [canary]}, "b": [{key: canary}], "c": (f"{key}={canary!r}",)}))
    assert canary not in said
    assert repr(canary)[1:-1] not in said


# How a key and any value may be said together: the value's end is known from its quotes.
QUOTED: tuple[Callable[[str, str], str], ...] = (
    lambda key, value: repr({key: value, "next": 1}),
    lambda key, value: json.dumps({key: value, "next": 1}),
    lambda key, value: json.dumps({"body": json.dumps({key: value, "next": 1})}),
    lambda key, value: f"EnvironHeaders([({key!r}, {value!r}), ('Host', 'x')])",
    lambda key, value: f"Login({key}={value!r}, user='x')",
    lambda key, value: f"{key}: {value!r}, and more",
    lambda key, value: f"{key}={[value, 'x']!r} and more",
    lambda key, value: f"{key}={ {'user': 'x', 'is': value}!r} and more",
    lambda key, value: f"{key} = Value({value!r}, 3) and more",
    lambda key, value: repr({key.encode(): value.encode("utf-8", "surrogatepass")}),
)


@given(st.sampled_from(KEYS), CANARIES, st.sampled_from(QUOTED))
def test_a_quoted_secret_never_comes_through(key: str, canary: str, said: Callable[[str, str], str]) -> None:
    text = said(key, canary)
    left = redact(text)
    assert "Zq7x" not in left, text
    assert REDACTED in left


PLAIN = (
    "{key}={value}",
    "{key}: {value}",
    "{key} = {value}, next",
    "({key}={value})",
    "GET /x?{key}={value}&page=2",
    'said "{key}={value}" and',
    "{key}=>{value}",
    "<x {key}={value}>",
    "{key}: Bearer {value}",
    "one\n{key}: {value}\ntwo",
)


@given(st.sampled_from(KEYS), WORDS, st.sampled_from(PLAIN))
def test_a_plain_secret_never_comes_through(key: str, canary: str, said: str) -> None:
    text = said.format(key=key, value=canary)
    assert "Zq7x" not in redact(text), text


@given(st.sampled_from(KEYS), CANARIES, st.sampled_from(sorted(FORMATS)))
def test_an_argument_that_is_secret_never_comes_through_whatever_it_is(key: str, canary: str, name: str) -> None:
    """A text alone doesn't say where a secret of many words ends; its template does."""
    formats = FORMATS[name]
    for given_to in (
        record(f"{key}=%s and %s", canary, "more"),
        record(f"{key}: %r", canary),
        record(f"%d {key}='%s'", 3, canary),
        record(f"%({key})s is wrong", {key: canary}),
        record("got %s", {key: canary}),
        record("got %s and %s", "x", {"a": {key: canary}}),
        record({key: canary}),
        record("x", extra_values={key: canary}),
        record("x", **{key: canary}),
    ):
        assert "Zq7x" not in formats.format(given_to)


@given(CANARIES, st.sampled_from(sorted(FORMATS)))
def test_a_value_of_config_set_never_comes_through_wherever_it_is(canary: str, name: str) -> None:
    redaction.learn([canary])
    try:
        raise_it(canary)
    except ValueError:
        failed = sys.exc_info()
    spelt = canary.encode("utf-8", "replace").decode("latin-1")
    with asked(PATH_INFO=f"/{spelt}", REMOTE_USER=canary):
        said = [
            FORMATS[name].format(record("a %s b", canary)),
            FORMATS[name].format(record(f"http://x/{quote(canary, errors='replace')}")),
            FORMATS[name].format(record(f"?q={quote_plus(canary, errors='replace')}")),
            FORMATS[name].format(record("x", exc_info=failed, stack_info=f"stack {canary}")),
            FORMATS[name].format(record("x", order={"a": [canary]}, order_text=canary)),
            FORMATS[name].format(record("%r %s", canary, json.dumps(canary))),
        ]
    assert not [one for one in said if "Zq7x" in one]


def raise_it(text: str) -> None:
    raise ValueError(text)


@given(st.text())
def test_any_text_can_be_redacted_and_twice_is_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)
    redact_traceback(text)


@pytest.mark.parametrize(
    "text",
    [
        "order 5 of 3 items: 12.50 EUR",
        "the password is wrong: user bob",
        "KeyError: 'password'",
        "passed 3 of 4",
        "GET http://localhost:8000/a?page=2 200",
        "author: me",
        'monkey: "x"',
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("password=hunter2, user=bob", "password=[redacted], user=bob"),
        ('{"token": "a b", "next": 1}', '{"token": "[redacted]", "next": 1}'),
        ("Cookie: a=b; c=d\nHost: x", "Cookie: [redacted]\nHost: x"),
        ("postgresql://me:hunter2@db/shop", "postgresql://me:[redacted]@db/shop"),
        ("sent Bearer abc.def-ghi to x", "sent Bearer [redacted] to x"),
        ("İ password=hunter2", "İ password=[redacted]"),
    ],
)
def test_what_is_around_a_secret_stays(text: str, left: str) -> None:
    assert redact(text) == left


def test_a_traceback_keeps_its_code_but_for_literals() -> None:
    text = (
        "Traceback (most recent call last):\n"
        '  File "/shop/views.py", line 3, in buy\n'
        '    token = request.headers["X-Token"]\n'
        '  File "/shop/login.py", line 9, in login\n'
        '    check(password="hunter2", user=name)\n'
        "ValueError: token=abc"
    )
    left = text.replace("hunter2", REDACTED).replace("token=abc", f"token={REDACTED}")
    assert redact_traceback(text) == left


def test_values_are_shown_by_the_names_they_have() -> None:
    assert redact_value("password", object()) == REDACTED
    assert redact_value("user", "bob") == "bob"
    assert redact_value("user", {"name": "bob", "token": "abc"}) == {"name": "bob", "token": REDACTED}
    assert redact_value("note", "token=abc") == f"token={REDACTED}"
    assert redact_value("count", 3) == 3


def test_names_of_secrets_are_known_in_every_spelling() -> None:
    assert all(map(is_secret, KEYS))
    assert not any(map(is_secret, ("user", "path", "author", "keyboard", "passenger", "monkey", "key")))


def test_short_values_of_config_set_are_part_of_too_many_words() -> None:
    redaction.learn(["prod", "8000"])
    assert redact("production on port 8000") == "production on port 8000"


def test_a_long_message_takes_no_time_that_grows_with_its_square() -> None:
    for piece in ("token", "token=[", "password='", "x" * 10, "\\'", "://a:", "secret=\\\\'", "session=<(", "a=token:"):
        redact(f"key: {piece * 40_000}")
