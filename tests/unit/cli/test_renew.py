"""`uncork renew`: what it says of each certificate, and how it ends."""

import pytest

from tests.unit.cli.fakes import Uncork
from uncork.workflows.issuing import Renewed

GOT = Renewed("shop", ("shop.example",), "2026-04-01T00:00:00Z", new=True)
LATE = Renewed("blog", (), None, new=False, problem="the CA refused", fix="wait")


def giving(patch: pytest.MonkeyPatch, *found: Renewed) -> list[tuple[object, ...]]:
    asked: list[tuple[object, ...]] = []

    def renew(_: object, app: str | None, __: object, *, force: bool) -> tuple[Renewed, ...]:
        asked.append((app, force))
        return found

    patch.setattr("uncork.workflows.acme.renew", renew)
    return asked


def test_each_certificate_has_a_line_and_what_could_not_be_had_is_exit_1(
    uncork: Uncork, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = giving(monkeypatch, GOT, LATE)
    printed = uncork("renew", "--force")
    assert printed.code == 1
    assert printed.out.splitlines() == [
        "shop: until 2026-04-01T00:00:00Z, new",
        "blog: no certificate yet",
        "trouble: the CA refused: wait",
    ]
    assert asked == [(None, True)]


def test_as_json_it_is_the_same(uncork: Uncork, monkeypatch: pytest.MonkeyPatch) -> None:
    giving(monkeypatch, GOT)
    printed = uncork("renew", "--json")
    assert printed.code == 0
    (one,) = printed.json["certificates"]
    assert (one["app"], one["names"], one["ends"], one["new"]) == ("shop", ["shop.example"], GOT.ends, True)


def test_where_no_app_has_certificates_of_a_ca_that_is_said(uncork: Uncork, monkeypatch: pytest.MonkeyPatch) -> None:
    giving(monkeypatch)
    assert uncork("renew").out == 'no app, and no balancer, here has `tls = "acme"`\n'
