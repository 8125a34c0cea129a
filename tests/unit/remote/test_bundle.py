"""uncork as a machine gets it: locked as it is tested, and named by what is in it."""

from dataclasses import replace
from pathlib import Path

import pytest

from uncork.errors import UsageError
from uncork.machine import commands, tools
from uncork.plan import Run
from uncork.recipes.platform import Platform
from uncork.remote import bundle

ROOT = Path(__file__).parents[3]
BOOKWORM = Platform("3.11.2", "x86_64", "glibc 2.36\n", "/usr/bin/python3.11")


def test_machines_get_the_very_versions_that_are_tested_here() -> None:
    export = ("export", "--quiet", "--offline", "--frozen", "--no-dev", "--no-emit-project", "--all-extras")
    locked = commands.run(Run((tools.uv(), *export, "--no-annotate", "--no-header"), "export", directory=ROOT), None)
    assert bundle.LOCK.read_text() == locked, "run `make lock`"


def test_a_bundle_is_named_alike_wherever_it_is_made_and_whatever_the_patch_release_of_the_machines_python() -> None:
    assert bundle.digest(BOOKWORM) == bundle.digest(replace(BOOKWORM, python="3.11.9"))


@pytest.mark.parametrize(
    "other", [{"python": "3.12.3"}, {"machine": "aarch64"}, {"libc": "glibc 2.39"}, {"executable": "/opt/python3.11"}]
)
def test_a_bundle_for_another_machine_has_another_name(other: dict[str, str]) -> None:
    assert bundle.digest(BOOKWORM) != bundle.digest(replace(BOOKWORM, **other))


def test_a_machine_whose_python_is_too_old_for_uncork_is_told_before_anything_is_fetched() -> None:
    with (
        pytest.raises(UsageError, match=r"uncork needs Python 3.10 or newer on the machine; /usr/bin/python3 is 3.9.2"),
        bundle.bundled(replace(BOOKWORM, python="3.9.2", executable="/usr/bin/python3")),
    ):
        pass
