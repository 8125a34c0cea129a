"""What `run` and `shell` become."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.workflows.test_status import release
from uncork.errors import UsageError
from uncork.layout import Layout
from uncork.model import Account
from uncork.records import encode
from uncork.workflows.run import SHELL, command

NOBODY = Account("nobody", "nogroup", 65_534, 65_534)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Return a state directory with a live release 2 of shop, whose environment has one command."""
    layout = Layout(tmp_path, tmp_path / "run")
    paths = layout.app("shop")
    paths.source(2).mkdir(parents=True)
    paths.record(2).write_text(encode(release(2)).replace('"/v"', f'"{tmp_path}/v"'))
    paths.live.symlink_to("releases/2")
    paths.shared.mkdir()
    paths.secrets.write_text('SECRET="s3cret"\nPATH="/config"\n')
    tool = tmp_path / "v" / "bin" / "tool"
    tool.parent.mkdir(parents=True)
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    return layout


def test_a_command_of_the_release_has_its_environment(layout: Layout) -> None:
    found = command(layout, "shop", ("tool", "-x"), {"PATH": "/bin", "HOME": "/me", "PYTHONPATH": "/evil"}, None)

    assert found.argv == (f"{layout.home}/v/bin/tool", "-x")
    assert found.directory == layout.app("shop").source(2)
    assert found.env == {
        "HOME": "/me",
        "PATH": f"{layout.home}/v/bin{os.pathsep}/config",
        "VIRTUAL_ENV": f"{layout.home}/v",
        "FLASK_APP": f"{layout.home}/apps/shop/releases/2/run.py",
        "SECRET": "s3cret",
        "UNCORK_VALUES": "SECRET PATH",
        "UNCORK_HOME": str(layout.home),
        "UNCORK_APP": "shop",
        "UNCORK_RELEASE": "2",
        "UNCORK_ENV": "production",
    }


def test_as_root_the_serving_account_does_not_see_roots_environment(layout: Layout) -> None:
    found = command(layout, "shop", ("tool",), {"AWS_KEY": "s3cret", "TERM": "xterm", "LC_ALL": "C"}, NOBODY)

    assert found.account == NOBODY
    assert "AWS_KEY" not in found.env
    assert {name: found.env[name] for name in ("TERM", "LC_ALL", "USER")} == {
        "TERM": "xterm",
        "LC_ALL": "C",
        "USER": "nobody",
    }


def test_a_command_that_is_not_there_is_a_usage_error(layout: Layout) -> None:
    with pytest.raises(UsageError, match="there is no command nope in release 2 of shop"):
        command(layout, "shop", ("nope",), {}, None)


def test_an_app_without_a_live_release_is_a_usage_error(layout: Layout) -> None:
    with pytest.raises(UsageError, match="blog has no live release"):
        command(layout, "blog", ("tool",), {}, None)


def test_this_process_becomes_the_command(layout: Layout) -> None:
    code = f"""
import sys
from pathlib import Path
from uncork.layout import Layout
from uncork.workflows.run import become, command
layout = Layout(Path({str(layout.home)!r}), Path("/run"))
become(command(layout, "shop", ("/bin/sh", "-c", "pwd; exit 7"), {{}}, None))
"""

    printed = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=False)

    assert (printed.returncode, printed.stdout) == (7, f"{layout.app('shop').source(2)}\n")


def test_the_shell_has_the_app_and_what_flask_brings_to_a_shell(tmp_path: Path) -> None:
    run_py = tmp_path / "run.py"
    run_py.write_text("from flask import Flask\napp = Flask('shop')\napp.shell_context_processor(lambda: {'x': 42})\n")
    typed = "print(app.name, x)\nfrom flask import current_app\nprint(current_app.name)\n"

    printed = subprocess.run(
        (sys.executable, "-i", "-c", SHELL),
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        env={"FLASK_APP": str(run_py)},
    )

    assert printed.stdout == "shop 42\nshop\n"
