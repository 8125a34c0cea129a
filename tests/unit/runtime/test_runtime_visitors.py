from collections.abc import Iterable

import pytest

from uncork_runtime import visitors

Environ = dict[str, object]


def asked(**environ: str) -> Environ:
    seen: Environ = {}

    def app(environ: Environ, _start: object) -> Iterable[bytes]:
        seen.update(environ)
        return []

    visitors.seen(app)({"wsgi.url_scheme": "http", **environ}, None)  # type: ignore[arg-type]
    return seen


def test_the_front_s_word_of_the_visitor_is_what_the_app_sees() -> None:
    seen = asked(
        HTTP_X_REAL_IP="203.0.113.7",
        HTTP_X_FORWARDED_PROTO="https",
        HTTP_HOST="shop.example",
        HTTP_X_FORWARDED_PORT="443",
    )
    assert (seen["REMOTE_ADDR"], seen["wsgi.url_scheme"], seen["HTTPS"]) == ("203.0.113.7", "https", "on")
    assert (seen["SERVER_NAME"], seen["SERVER_PORT"]) == ("shop.example", "443")


@pytest.mark.parametrize("scheme", ["", "javascript", "http"])
def test_no_other_scheme_than_https_is_taken_over(scheme: str) -> None:
    seen = asked(HTTP_X_FORWARDED_PROTO=scheme, HTTP_HOST="localhost:8000")
    assert (seen["wsgi.url_scheme"], seen["REMOTE_ADDR"]) == ("http", "127.0.0.1")
    assert (seen["SERVER_NAME"], seen["SERVER_PORT"]) == ("localhost", "8000")
    assert "HTTPS" not in seen


@pytest.mark.parametrize(("host", "port"), [("[::1]:8000", "8000"), ("[::1]", "80")])
def test_an_ipv6_address_is_a_host(host: str, port: str) -> None:
    seen = asked(HTTP_HOST=host)
    assert (seen["SERVER_NAME"], seen["SERVER_PORT"]) == ("[::1]", port)
