"""The values of `config set`, as a release reads them before its app is imported."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uncork.recipes.build import GIVEN
from uncork_runtime import env


@pytest.fixture
def secrets(tmp_path: Path) -> Iterator[Path]:
    before = dict(os.environ)
    yield tmp_path / ".env"
    os.environ.clear()
    os.environ.update(before)


def test_values_are_set_exactly(secrets: Path) -> None:
    secrets.write_text('# set by uncork\n\nSECRET_KEY="a \\"quoted\\"\\nline = # $(id) ü"\nEMPTY=""\n')
    env.load(str(secrets))
    assert os.environ["SECRET_KEY"] == 'a "quoted"\nline = # $(id) ü'
    assert os.environ["EMPTY"] == ""


def test_what_the_operator_set_wins_over_what_the_process_has(secrets: Path) -> None:
    os.environ["DATABASE_URL"] = "sqlite://"
    secrets.write_text('DATABASE_URL="postgresql://db"\n')
    env.load(str(secrets))
    assert os.environ["DATABASE_URL"] == "postgresql://db"


def test_what_systemd_hands_over_is_read_in_place_of_the_file(secrets: Path, tmp_path: Path) -> None:
    secrets.mkdir()  # which can't be read
    (tmp_path / "env").write_text('TOKEN="handed over"\n')
    os.environ["CREDENTIALS_DIRECTORY"] = str(tmp_path)
    env.load(str(secrets))
    assert os.environ["TOKEN"] == env.loaded["TOKEN"] == "handed over"


def test_credentials_of_somebody_else_s_are_no_reason_to_pass_over_the_file(secrets: Path, tmp_path: Path) -> None:
    secrets.write_text('TOKEN="of the file"\n')
    (tmp_path / "credentials").mkdir()
    os.environ["CREDENTIALS_DIRECTORY"] = str(tmp_path / "credentials")
    env.load(str(secrets))
    assert os.environ["TOKEN"] == "of the file"


def test_values_that_were_given_already_are_known_as_such_and_no_file_is_read(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets.mkdir()  # which can't be read
    monkeypatch.setattr(env, "loaded", {})
    os.environ.update(TOKEN="canary", OTHER="no value", UNCORK_VALUES="TOKEN GONE")
    env.load(str(secrets))
    assert env.loaded == {"TOKEN": "canary"}


def test_the_name_for_values_that_were_given_is_the_same_on_both_sides() -> None:
    assert env.GIVEN == GIVEN


def test_no_file_is_nothing_set(secrets: Path) -> None:
    before = dict(os.environ)
    env.load(str(secrets))
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    "line",
    [
        "TOKEN=canary",
        "TOKEN='canary'",
        'TOKEN="canary" "canary"',
        'TOKEN="canary\\x"',
        'TOKEN="canary\\u0000"',
        'TOKEN="canary\\ud800"',
        'export TOKEN="canary"',
        '1TOKEN="canary"',
        '=""canary',
    ],
)
def test_a_broken_line_is_named_by_its_place_and_never_by_its_value(secrets: Path, line: str) -> None:
    secrets.write_text(f'GOOD="1"\n{line}\n')
    with pytest.raises(ValueError, match=r"\.env:2: ") as caught:
        env.load(str(secrets))
    assert "canary" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert "GOOD" not in os.environ


# Whatever an environment can hold, NUL and lone surrogates being the two things that it can't.
VALUES = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))


@settings(max_examples=50)
@given(st.dictionaries(st.from_regex(r"\AT_[A-Za-z0-9_]*\Z"), VALUES, max_size=4))
def test_every_value_that_json_can_write_comes_back(values: dict[str, str]) -> None:
    lines = [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    pairs = dict(env._pair(line, "f:1") for line in lines)
    assert pairs == values
