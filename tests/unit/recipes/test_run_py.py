"""The start script of a release: what is in it, and whose modules it imports."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import uncork_runtime
from tests.conftest import Golden
from tests.unit.recipes.parts import LAYOUT, MACHINE
from uncork.config import Config, load
from uncork.layout import Layout
from uncork.model import AppTarget, Dependencies, Project, Source
from uncork.recipes.build import Draft, run_py
from uncork.recipes.runtime import RUNTIME_FILES
from uncork.servers.uwsgi import Uwsgi

CASES = {
    "app": ("production", "", AppTarget("shop", "app")),
    "factory": ("testing", 'mount = "/shop"\n', AppTarget("shop.web-app", "create_app('testing')", ("src", ""))),
    "development": ("development", "", AppTarget("wsgi", "application")),
}
ASK = "import json, sys, runpy; print(json.dumps(runpy.run_path(sys.argv[1])['app']))"


def draft(config: Config, target: AppTarget, layout: Layout = LAYOUT) -> Draft:
    project = Project(target, Dependencies(Source.IMPORTS, ()))
    return Draft(12, replace(config, worker_memory=2**29), project, Uwsgi(), MACHINE, None, layout.app("shop"))


@pytest.mark.parametrize("case", CASES)
def test_it_is_what_a_person_would_have_written(case: str, golden: Golden) -> None:
    environment, text, target = CASES[case]
    text = run_py(draft(load({"uncork.toml": text}, environment, "shop"), target))
    compile(text, "run.py", "exec")
    golden(f"run_py/{case}", {"run.txt": text})


def test_the_runtime_is_the_release_s_own_and_all_else_the_project_s(tmp_path: Path) -> None:
    release = tmp_path / "releases" / "12"
    installed, source = tmp_path / "site-packages", release / "source"
    (installed / "uncork_runtime").mkdir(parents=True)
    (installed / "uncork_runtime" / "__init__.py").write_text("raise RuntimeError('an older one')")
    shutil.copytree(Path(uncork_runtime.__file__).parent, release / "uncork_runtime")
    source.mkdir()
    for name in ("env", "logs", "mail", "run", "wsgi"):
        (source / f"{name}.py").write_text("")
    shop = "import env, logs, mail, run, sys, wsgi\nfrom uncork_runtime import flask\n"
    (source / "shop.py").write_text(shop + "app = [m.__file__ for m in (env, logs, mail, run, wsgi, flask)]\n")
    (release / "logging.json").write_text(json.dumps({"to": "console"}))
    (release / "run.py").write_text(run_py(draft(Config("shop"), AppTarget("shop", "app"), Layout(tmp_path, tmp_path))))
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(release / "run.py")], env={"PYTHONPATH": str(installed)}, cwd=source,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    own = [str(source / f"{name}.py") for name in ("env", "logs", "mail", "run", "wsgi")]
    assert json.loads(done.stdout) == [*own, str(release / "uncork_runtime" / "flask.py")]


def test_all_of_the_runtime_travels_in_a_release() -> None:
    assert sorted(RUNTIME_FILES) == sorted(path.name for path in Path(uncork_runtime.__file__).parent.glob("*.py"))
