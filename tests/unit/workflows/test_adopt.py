"""Where an adopted config is written: a new uncork.toml, or the end of pyproject.toml; nothing is written over."""

from pathlib import Path

import pytest

from uncork.config import load
from uncork.errors import UsageError
from uncork.workflows.adopt import adopt


@pytest.fixture
def ini(tmp_path: Path) -> Path:
    path = tmp_path / "uwsgi.ini"
    path.write_text("[uwsgi]\nmodule = shop:app\nprocesses = 3\nthunder-lock = true\nspooler = /tmp\n")
    return path


def test_a_config_is_added_to_the_end_of_pyproject(ini: Path) -> None:
    pyproject = ini.with_name("pyproject.toml")
    pyproject.write_text('[project]\nname = "shop"\n')

    adopted = adopt(ini, pyproject)

    text = pyproject.read_text()
    assert text.startswith('[project]\nname = "shop"\n\n[tool.uncork]\n')
    assert load({"pyproject.toml": text}, "production", "x").processes == 3
    assert [(told.line, told.setting, told.fate) for told in adopted.settings] == [
        (2, "module", "carried"),
        (3, "processes", "carried"),
        (4, "thunder-lock", "harmful"),
        (5, "spooler", "left"),
    ]


def test_a_config_that_is_there_already_is_not_written_over(ini: Path) -> None:
    texts = ("[tool.uncork]\nprocesses = 9\n", "[tool]\nuncork.processes = 9\n")
    for name, text in (*(("pyproject.toml", text) for text in texts), ("uncork.toml", "processes = 9\n")):
        path = ini.with_name(name)
        path.write_text(text)
        with pytest.raises(UsageError, match="already"):
            adopt(ini, path)
        assert path.read_text() == text


@pytest.mark.parametrize("name", ["uncork.tml", "Uncork.toml", "config.toml", "uwsgi.ini"])
def test_a_config_goes_to_a_file_that_is_read_as_one(ini: Path, name: str) -> None:
    with pytest.raises(UsageError, match="uncork reads no config from a file called") as caught:
        adopt(ini, ini.parent / "other" / name)
    assert "uncork.toml or pyproject.toml" in caught.value.fix
    assert not (ini.parent / "other").exists()


@pytest.mark.parametrize(("there", "output"), [("pyproject.toml", "uncork.toml"), ("uncork.toml", "pyproject.toml")])
def test_a_project_gets_no_second_config(ini: Path, there: str, output: str) -> None:
    ini.with_name(there).write_text("[tool.uncork]\nprocesses = 9\n")
    with pytest.raises(UsageError, match=f"{there} has a config of uncork's already"):
        adopt(ini, ini.with_name(output))
    assert not ini.with_name(output).exists()


def test_what_can_not_stand_together_is_told_in_the_files_terms(tmp_path: Path) -> None:
    path = tmp_path / "gunicorn.conf.py"
    path.write_text('certfile = "shop.pem"\n')

    with pytest.raises(UsageError, match=r"gunicorn\.conf\.py says can't stand together: .*cert"):
        adopt(path, None)
