"""Lines of an access log, added up."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncork.reporting.tally import ALL, FILES, NOT_FOUND, Key, Tallies, tally


def line(**values: object) -> bytes:
    usual = {
        "time": "2026-11-21T14:05:06.123+01:00", "app": "shop", "method": "GET", "uri": "/buy?x=1", "status": 200,
        "bytes": 100, "seconds": 0.25, "upstream_seconds": 0.2, "route": "/buy", "release": 12,
    }  # fmt: skip
    return json.dumps({**usual, **values}).encode()


def routes(sums: Tallies) -> dict[str, int]:
    return {key.route: sum_.requests for key, sum_ in sums.items() if key.hour == ALL}


def test_requests_are_added_up_by_hour_and_by_route() -> None:
    found = tally([line(), line(status=503, bytes=50, seconds=1.5), line(time="2026-11-21T15:00:00+01:00", status=404)])

    hour = found[Key("2026-11-21", 14)]
    assert (hour.requests, hour.errors, hour.bytes, hour.seconds) == (2, 1, 150, 1.75)
    assert hour.classes == [0, 0, 1, 0, 0, 1]
    assert found[Key("2026-11-21", 15)].classes[4] == 1
    assert routes(found) == {"GET /buy": 3}


def test_a_day_ends_at_midnight_of_the_machines_own_clock() -> None:
    times = ("2026-11-21T23:59:59.999-05:00", "2026-11-22T00:00:00.000-05:00")

    found = tally([line(time=time) for time in times])

    assert [key for key in found if key.hour != ALL] == [Key("2026-11-21", 23), Key("2026-11-22", 0)]


@pytest.mark.parametrize(
    ("values", "route"),
    [
        ({"route": ""}, "GET /buy"),
        ({"route": None, "uri": "/item/17/edit?a=b"}, "GET /item/*/edit"),
        ({"route": "", "uri": "/item/0b7a9d0e-2222-4444-8888-a1b2c3d4e5f6"}, "GET /item/*"),
        ({"route": "", "uri": "/wp-login.php", "status": 404}, NOT_FOUND),
        ({"route": "", "uri": "/static/a.css", "upstream_seconds": None}, FILES),
        ({"route": "", "uri": "/", "upstream_seconds": None, "status": 502}, "GET /"),
        ({"route": "/item/<int:id>", "method": "POST", "status": 404}, "POST /item/<int:id>"),
    ],
)
def test_a_request_without_a_route_is_known_by_what_does_not_vary(values: dict[str, object], route: str) -> None:
    assert routes(tally([line(**values)])) == {route: 1}


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"{",
        b"null",
        b'"x"',
        b"\x00\xff",
        b'{"time":"2026-11-21T14:05:06Z"}',
        line(time="yesterday"),
        line(status="200"),
        line(status=-1),
        line(seconds=-1),
        line()[:-30],
    ],
)
def test_a_line_that_is_none_of_a_request_is_passed_over(broken: bytes) -> None:
    assert routes(tally([line(), broken, line()])) == {"GET /buy": 2}


def test_bytes_of_a_visitor_that_are_no_text_do_not_hide_the_request() -> None:
    found = tally([line(uri="/@").replace(b"@", b"\xff\xfe")])

    assert routes(found) == {"GET /buy": 1}


@given(st.binary())
def test_no_line_whatever_is_in_it_ends_the_counting(broken: bytes) -> None:
    assert routes(tally([broken, line()])) == {"GET /buy": 1}
