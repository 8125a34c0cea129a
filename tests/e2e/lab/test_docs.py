"""The commands of the pages about machines, typed by somebody who has some (CONTRIBUTING.md says by which rules)."""

import re
import shutil

import pytest

from tests.e2e.lab.bridge import Lab
from tests.e2e.lab.client import Client
from tests.e2e.lab.conftest import booted
from tests.e2e.reader import REPOSITORY, Reader, Typed, sections, steps
from tests.e2e.state import EXAMPLES

PAGES = ["README.md", *(str(page.relative_to(REPOSITORY)) for page in sorted(REPOSITORY.glob("docs/**/*.md")))]
# What pages call their machines, and what each is called in the lab.
MACHINES = re.compile(r"web[1-9]|203\.0\.113\.\d+")


@pytest.mark.parametrize("page", [page for page in PAGES if sections(page)[1]])
def test_every_command_of_a_page_about_machines_does_what_the_page_says(
    lab: Lab, client: Client, request: pytest.FixtureRequest, page: str
) -> None:
    text = sections(page)[1]
    said = (step.command if isinstance(step, Typed) else step.text for step in steps(text))
    names = sorted({name for one in said for name in MACHINES.findall(one)})
    # Where a page does not show what a setup says, a machine that was set up before will do.
    layers = () if "is set up for serving" in text else (request.getfixturevalue("set_up"),)
    folder = client.home / "reader"
    shutil.copytree(EXAMPLES, folder / "examples", ignore=shutil.ignore_patterns("instance", "__pycache__"))
    with booted(lab, *layers, count=len(names)) as machines:
        client.call({name: machine.address for name, machine in zip(names, machines, strict=True)})
        Reader(folder, client.environment(), {}).follow(text)
