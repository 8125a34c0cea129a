"""What a release's workers are told of logging: golden/logging/<case>.json."""

from pathlib import Path

import pytest

from tests.conftest import Golden
from tests.unit.recipes.parts import LAYOUT, MACHINE
from uncork.config import load
from uncork.model import AppTarget, Dependencies, Project, Source
from uncork.plan import File
from uncork.recipes.build import Draft, source_steps
from uncork.servers.uwsgi import Uwsgi

CASES = {
    "production": ("production", ""),
    "testing": ("testing", ""),
    "development": ("development", ""),
    "all_said": (
        "production",
        """[logging]
level = "WARNING"
levels = { "shop.web" = "DEBUG" }
to = "console"
format = "json"
[mail]
level = "CRITICAL"
""",
    ),
    "dict_config": ("production", '[logging.dict_config]\nversion = 1\nroot = { level = "INFO" }\n'),
    "mail_off": ("production", '[mail]\nlevel = "off"\n'),
}


def draft(environment: str, text: str) -> Draft:
    config = load({"uncork.toml": text}, environment, "shop")
    project = Project(AppTarget("shop", "app"), Dependencies(Source.IMPORTS, ()))
    return Draft(12, config, project, Uwsgi(), MACHINE, None, LAYOUT.app("shop"))


@pytest.mark.parametrize("case", CASES)
def test_the_workers_are_told_what_the_config_says(case: str, golden: Golden) -> None:
    steps = source_steps(draft(*CASES[case]), Path("/home/me/shop"), ("shop.py",), Path("/usr/lib/uncork_runtime"))
    texts = {step.path.name: step.content for step in steps if isinstance(step, File)}
    golden(f"logging/{case}", {"logging.json": texts["logging.json"]})
