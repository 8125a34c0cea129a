from importlib.metadata import PathDistribution
from pathlib import Path

from uncork.project.metadata import metadata

PYPROJECT = """
[project]
name = "My_Shop"
version = "1.2"
[project.entry-points."flask.commands"]
stock = "shop.cli:stock"
"""


def test_an_app_that_asks_for_its_own_version_is_told(tmp_path: Path) -> None:
    for path, content in metadata({"pyproject.toml": PYPROJECT}).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(content)
    found = PathDistribution(tmp_path / "my_shop-1.2.dist-info")
    assert found.version == "1.2"
    assert [(point.group, point.name, point.value) for point in found.entry_points] == [
        ("flask.commands", "stock", "shop.cli:stock")
    ]


def test_a_version_that_is_worked_out_by_a_build_tool_is_not_guessed() -> None:
    assert metadata({"pyproject.toml": '[project]\nname = "shop"\ndynamic = ["version"]\n'}) == {}


def test_a_version_that_could_leave_the_folder_is_no_version() -> None:
    assert metadata({"pyproject.toml": '[project]\nname = "shop"\nversion = "../../x"\n'}) == {}
