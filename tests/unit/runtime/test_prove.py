"""The proof that an app can be imported: by a real, clean interpreter in a small project."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from uncork_runtime import prove

RUN = """\
import sys
sys.path.insert(0, {source!r})
from shop import app
"""
Proof = dict[str, object]
Prove = Callable[..., tuple[int, Proof]]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The source folder of a release that holds a package `shop`."""
    source = tmp_path / "source"
    (source / "shop").mkdir(parents=True)
    (tmp_path / "run.py").write_text(RUN.format(source=str(source)))
    return source


@pytest.fixture
def proven(source: Path) -> Prove:
    """Write `shop/__init__.py`, import it, and return the exit code and the report."""

    def run(code: str, *seconds: str) -> tuple[int, Proof]:
        (source / "shop" / "__init__.py").write_text(code)
        argv = (sys.executable, "-m", "uncork_runtime.prove", str(source.parent / "run.py"), *seconds)
        env = {**os.environ, "PYTHONPATH": str(Path(prove.__file__).parents[1])}
        done = subprocess.run(argv, cwd=source, env=env, capture_output=True, text=True, timeout=30, check=False)
        return done.returncode, json.loads(done.stdout)

    return run


WSGI = "def app(environ, start_response): ...\n"


def test_any_wsgi_callable_will_do(proven: Prove) -> None:
    report = {"flask": False, "static": [], "max_body": None, "notes": [], "cookies": [], "frameworks": []}
    assert proven(WSGI) == (0, {"ok": True, **report})


def test_a_module_of_the_project_named_as_one_of_ours_is_the_projects(proven: Prove, source: Path) -> None:
    (source / "env.py").write_text("MINE = 1\n")
    assert proven("from env import MINE\n" + WSGI)[0] == 0


def test_what_the_app_prints_does_not_spoil_the_report(proven: Prove) -> None:
    code = (
        'import os, sys\nprint("hello")\nos.write(1, b"raw")\nos.system("echo child")\nprint("{}", file=sys.stderr)\n'
    )
    assert proven(code + WSGI)[0] == 0


def test_a_thread_that_never_ends_does_not_keep_the_process(proven: Prove) -> None:
    code = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\n"
    assert proven(code + WSGI, "20")[0] == 0


def test_a_missing_module_is_named_with_the_place_that_imports_it(proven: Prove, source: Path) -> None:
    (source / "shop" / "views.py").write_text("import os\n\nimport no_such_module.deep\n")
    code, proof = proven("from . import views\n")
    assert code == 0
    assert (proof["kind"], proof["module"]) == ("ModuleNotFoundError", "no_such_module")
    assert proof["place"] == "shop/views.py:3"


def test_a_missing_module_of_a_dependency_is_placed_where_the_project_imports_the_dependency(
    proven: Prove, tmp_path: Path
) -> None:
    package = tmp_path / "site-packages" / "needy.py"
    package.parent.mkdir()
    package.write_text("import no_such_module\n")
    _, proof = proven(f"import sys\nsys.path.append({str(package.parent)!r})\nimport needy\n")
    assert (proof["module"], proof["place"]) == ("no_such_module", "shop/__init__.py:3")


def test_the_traceback_has_the_apps_own_frames_alone(proven: Prove) -> None:
    _, proof = proven("def connect():\n    raise OSError('no database')\n\napp = connect()\n")
    assert (proof["kind"], proof["message"], proof["place"]) == ("OSError", "no database", "shop/__init__.py:2")
    text = str(proof["traceback"])
    assert text.startswith('Traceback (most recent call last):\n  File "shop/__init__.py", line 4, in <module>\n')
    assert text.endswith("OSError: no database\n")
    assert "run.py" not in text
    assert "importlib" not in text


def test_the_cause_of_an_error_is_shown_without_the_machinery_too(proven: Prove) -> None:
    code = "try:\n    import no_such_module\nexcept ImportError as why:\n    raise RuntimeError('no driver') from why\n"
    _, proof = proven(code)
    assert (proof["kind"], proof["place"]) == ("RuntimeError", "shop/__init__.py:4")
    assert "No module named 'no_such_module'" in str(proof["traceback"])
    assert "importlib" not in str(proof["traceback"])


def test_a_syntax_error_is_placed_where_it_is(proven: Prove, source: Path) -> None:
    (source / "shop" / "models.py").write_text("one = 1\ndef half(:\n")
    _, proof = proven("from . import models\n")
    assert (proof["kind"], proof["place"]) == ("SyntaxError", "shop/models.py:2")
    assert 'File "shop/models.py", line 2' in str(proof["traceback"])


@pytest.mark.parametrize(
    ("call", "message"),
    [('sys.exit("no licence")', "no licence"), ("sys.exit(3)", "the app called sys.exit(3)"), ("quit()", "sys.exit()")],
)
def test_an_app_that_exits_when_it_is_imported_is_caught_in_the_act(proven: Prove, call: str, message: str) -> None:
    code, proof = proven(f"import sys\n{call}\n")
    assert code == 0
    assert (proof["kind"], proof["place"]) == ("SystemExit", "shop/__init__.py:2")
    assert message in str(proof["message"])


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("app = None", "the app is None"),
        ("app = 'flask'", "the app is an object of builtins.str"),
        ("def app(): ...", "the app is the function shop.app, which is called as ()"),
        ("def app(scope, receive, send): ...", "(scope, receive, send), not as WSGI's (environ, start_response)"),
    ],
)
def test_what_is_no_wsgi_callable_is_refused_by_what_it_is(proven: Prove, code: str, found: str) -> None:
    exit_code, proof = proven(code)
    assert exit_code == 0
    assert proof["kind"] == "TypeError"
    assert found in str(proof["message"])


@pytest.mark.parametrize(
    "code",
    ["async def app(scope, receive, send): ...", "class A:\n  async def __call__(self, s, r, t): ...\napp = A()"],
)
def test_an_app_that_speaks_asgi_is_refused_as_such(proven: Prove, code: str) -> None:
    _, proof = proven(code)
    assert proof["kind"] == "AsgiError"
    assert "speaks ASGI" in str(proof["message"])


def test_a_name_that_is_not_there_is_an_error_of_the_import(proven: Prove) -> None:
    _, proof = proven("application = 1\n")
    assert (proof["kind"], proof["module"], proof["place"]) == ("ImportError", None, None)
    assert "cannot import name 'app'" in str(proof["message"])


def test_a_hang_is_reported_with_the_line_that_hangs(proven: Prove) -> None:
    code, proof = proven("import time\n\ndef wait():\n    time.sleep(60)\n\nwait()\n", "0.3")
    assert code == 0
    assert (proof["kind"], proof["place"]) == ("TimeoutError", "shop/__init__.py:4")
    assert 'File "shop/__init__.py", line 6, in <module>' in str(proof["traceback"])
    assert "run.py" not in str(proof["traceback"])


def test_an_app_that_ends_the_process_leaves_no_report(proven: Prove) -> None:
    with pytest.raises(json.JSONDecodeError):
        proven("import os\nos._exit(0)\n")


FLASK = """\
from flask import Flask
app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 1048576
"""


def test_a_flask_app_tells_its_static_folder_and_its_largest_body(proven: Prove, source: Path) -> None:
    folder = source / "shop" / "static"
    folder.mkdir()
    static = [{"url": "/static/", "directory": str(folder)}]
    report = {"flask": True, "static": static, "max_body": 1048576, "notes": [], "frameworks": ["flask"]}
    report["cookies"] = ["session"]
    assert proven(FLASK) == (0, {"ok": True, **report})


def test_a_flask_app_tells_the_cookies_that_it_knows_a_visitor_by(proven: Prove, source: Path) -> None:
    (source / "flask_login.py").write_text("")
    named = "SESSION_COOKIE_NAME='shop', JWT_ACCESS_COOKIE_NAME='jwt', NO_COOKIE_NAME=[]"
    code = f"{FLASK}import flask_login\napp.config.update({named})\n"
    assert proven(code)[1]["cookies"] == ["jwt", "remember_token", "shop"]


def test_what_patches_other_modules_keeps_them_from_being_imported_before_it(proven: Prove, source: Path) -> None:
    (source / "gevent.py").write_text("")
    assert proven("import flask, gevent\napp = flask.Flask('shop')\n")[1]["frameworks"] == []


def test_a_module_of_the_projects_own_is_no_framework_whatever_its_name(proven: Prove, source: Path) -> None:
    (source / "pydantic.py").write_text("")
    code = "import sys\nsys.path.insert(0, 'source')\nimport flask, pydantic\napp = flask.Flask('shop')\n"
    assert proven(code)[1]["frameworks"] == ["flask"]
