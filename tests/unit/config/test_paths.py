"""What `[[front.paths]]` and `[tls]` may say."""

import pytest

from uncork.config import load
from uncork.errors import UsageError
from uncork.serving import PathRule, Tls


def said(text: str) -> tuple[tuple[PathRule, ...], Tls]:
    config = load({"uncork.toml": text}, "production", "shop")
    return config.front.paths, config.tls


def test_a_rule_says_what_differs_and_nothing_else() -> None:
    text = (
        '[[front.paths]]\npath = "/a"\ntimeout = "10m"\nmax_body = "1K"\ncache = false\nallow = ["10.1.2.3/8", "::1"]\n'
    )
    assert said(text)[0] == (PathRule("/a", 600.0, 1024, False, ("10.0.0.0/8", "::1")),)  # noqa: FBT003


@pytest.mark.parametrize("path", ["/a?b", "/a#b", "/a/../b", "/./a", "//a", "/a//b", "/a/%2e%2e/b"])
def test_a_path_that_would_never_hold_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="must be a path alone"):
        said(f'[[front.paths]]\npath = "{path}"')


@pytest.mark.parametrize("lock", ["allow = []", 'basic_auth = ""'])
def test_a_lock_that_is_empty_is_refused_and_does_not_stand_open(lock: str) -> None:
    with pytest.raises(UsageError, match="is empty"):
        said(f'[[front.paths]]\npath = "/a"\n{lock}')


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('tls = "self-signed"', "self-signed"),
        ('tls = { cert = "a.pem", key = "a.key" }', "files"),
        ('tls = "self-signed"\n[environments.production]\ntls = "off"', "off"),
        ("", "off"),
    ],
)
def test_https_is_there_when_it_is_asked_for(text: str, kind: str) -> None:
    assert said(text)[1].kind == kind


def test_a_certificate_needs_its_key() -> None:
    with pytest.raises(UsageError, match="`cert` needs `key`"):
        said('tls = { cert = "a.pem" }')
