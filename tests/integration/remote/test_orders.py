import json
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.integration.remote.here import here
from uncork.errors import UsageError
from uncork.remote.exchange import exchange
from uncork.workflows.receive import Order

ORDER = Order("shop", "shop", (("app.py", 0o644, "0" * 64, 4),))


def told(home: Path, line: bytes) -> None:
    with exchange(here(), here(str(home)).uncork("receive")) as talk:
        talk.say(line + b"\n")
        talk.answer("lacking")


def line(order: Order) -> bytes:
    return json.dumps(msgspec.to_builtins(order)).encode()


def test_what_is_lacking_is_asked_for(tmp_path: Path) -> None:
    told(tmp_path, line(ORDER))


@pytest.mark.parametrize("name", ["../../etc", "", "Shop", "a/b"])
def test_an_app_that_could_not_be_one_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="the app's name"):
        told(tmp_path, line(replace(ORDER, app=name)))


def test_what_another_version_asks_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not understand") as refused:
        told(tmp_path, b'{"apps": 1}')
    assert "uncork server upgrade" in refused.value.fix


def test_a_python_that_is_not_there_is_told_before_anything_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Python"):
        told(tmp_path, line(replace(ORDER, python=">=4.2")))
