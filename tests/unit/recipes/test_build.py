"""What a release is compiled by: what can be is, where Python looks for it, and nothing of it is run."""

import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path

from uncork.recipes.build import COMPILE


def test_all_that_can_be_compiled_is_and_nothing_of_it_is_run(tmp_path: Path) -> None:
    source, run_py = tmp_path / "source", tmp_path / "run.py"
    deep = source / "shop" / "parts"
    deep.mkdir(parents=True)
    for path in (run_py, source / "os.py", source / "app.py", deep / "cart.py"):
        path.write_text("raise SystemExit(9)\n")
    (source / "half.py").write_text("def (\n")
    (source / "gone.py").symlink_to("nowhere.py")
    argv = (sys.executable, "-I", "-S", "-c", COMPILE, str(run_py))
    asked = subprocess.run(argv, cwd=source, capture_output=True, check=False)
    assert (asked.returncode, asked.stdout, asked.stderr) == (0, b"", b"")
    made = {path.name for path in tmp_path.rglob("*.pyc")}
    assert made == {Path(cache_from_source(name)).name for name in ("run.py", "os.py", "app.py", "cart.py")}
