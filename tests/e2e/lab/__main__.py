"""Machines to try by hand: `python -m tests.e2e.lab [HOW MANY]` boots them, tells how to get there, and ends them."""

import os
import sys
import tempfile
from pathlib import Path

from tests.e2e.lab import bridge
from tests.e2e.lab.client import client
from tests.e2e.lab.image import image
from tests.e2e.lab.index import index


def main(count: int) -> None:
    """Boot so many, with a shell whose `ssh s1` and `uncork deploy --host s1` lead to them."""
    if lacking := bridge.lacks():
        sys.exit(f"real machines need {lacking}")
    found = image()
    number = int(os.environ.get("UNCORK_LAB", "2"))
    with bridge.lab(number, found) as lab, index(lab.bridge, found, lab.folder / "www"):
        for _ in range(count):
            lab.boot()
        with tempfile.TemporaryDirectory() as home, client(lab, Path(home) / "home") as user:
            print(f"{', '.join(m.name for m in lab.machines)} run until you leave this shell.")  # noqa: T201
            os.spawnve(os.P_WAIT, "/bin/bash", ["bash", "--norc"], dict(user.environment()))


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 1)
