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


@pytest.mark.parametrize("line", ['hsts = "180d"', "port = 8443", "redirect = true"])
@pytest.mark.parametrize("table", ["tls", "environments.production.tls", "environments.testing.tls"])
def test_what_is_for_https_is_refused_where_there_is_no_certificate(line: str, table: str) -> None:
    with pytest.raises(UsageError, match="says of no certificate") as caught:
        said(f"[{table}]\n{line}")
    assert caught.value.problem.startswith(f"uncork.toml:2: `{line.partition(' ')[0]}` is for HTTPS")


@pytest.mark.parametrize(
    "kind",
    [
        '[tls]\nhsts = "1d"\nkind = "off"',
        '[tls]\nhsts = "1d"\n[environments.testing]\ntls = "acme"',
        '[tls]\nhsts = "1d"\n[targets.web]\nhosts = ["web1"]\ntls = "acme"',
        'tls = "acme"\n[environments.testing.tls]\nport = 8443',
        "[tls]",
    ],
)
def test_what_is_for_https_may_stand_where_another_environment_has_the_certificate(kind: str) -> None:
    said(kind)


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
