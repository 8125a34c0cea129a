"""Which wheels are sent to a machine that reaches no index, and what it is told that can't be."""

from pathlib import Path

import pytest

from uncork.errors import UsageError
from uncork.model import Interpreter
from uncork.plan import File, Run
from uncork.recipes.wheels import Wheel, chosen, list_steps

A, B, C = "a" * 64, "b" * 64, "c" * 64
BASE = "https://files.example.com/cryptography-50.0.2"
LISTED = f"""
[[packages]]
name = "cryptography"
version = "50.0.2"
sdist = {{ url = "{BASE}.tar.gz", hashes = {{ sha256 = "{C}" }} }}
wheels = [
  {{ url = "{BASE}-cp39-abi3-manylinux_2_34_x86_64.whl", hashes = {{ sha256 = "{A}" }} }},
  {{ url = "{BASE}-cp311-abi3-manylinux2014_x86_64.manylinux_2_17_x86_64.whl", hashes = {{ sha256 = "{B}" }} }},
  {{ url = "{BASE}-cp311-abi3-manylinux_2_28_x86_64.whl", hashes = {{ sha256 = "{C}" }} }},
]
"""
SOURCE_ALONE = f"""
[[packages]]
name = "peewee"
version = "3.16.0"
sdist = {{ url = "https://files.example.com/peewee-3.16.0.tar.gz", hashes = {{ sha256 = "{A}" }} }}
"""


def lock(*hashes: str) -> str:
    return " \\\n".join(["cryptography==50.0.2", *(f"    --hash=sha256:{digest}" for digest in hashes)]) + "\n"


def test_of_several_wheels_one_goes_for_the_newest_python_and_libc() -> None:
    assert chosen(LISTED, lock(), "web1") == (
        Wheel(
            "cryptography-50.0.2-cp311-abi3-manylinux_2_28_x86_64.whl",
            f"{BASE}-cp311-abi3-manylinux_2_28_x86_64.whl",
            C,
        ),
    )


def test_only_what_the_lock_has_the_hash_of_goes() -> None:
    (wheel,) = chosen(LISTED, lock(A, B), "web1")
    assert wheel.sha256 == B


def test_what_comes_as_source_alone_is_named_with_the_machine_that_can_not_build_it() -> None:
    with pytest.raises(UsageError) as refused:
        chosen(SOURCE_ALONE, "peewee==3.16.0\n", "web1")
    assert refused.value.problem == (
        "not everything that the project needs can be sent to web1: peewee 3.16.0 (there is no wheel of it that fits)"
    )
    assert "pip wheel" in refused.value.fix


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("./libs/money", "./libs/money (it would have to be built)"),
        ("money @ git+https://example.com/money@1.0", "money @ git+https://example.com/money@1.0 (it comes from"),
        ("https://example.com/money-1.0-py3-none-any.whl", "(it comes from elsewhere than an index)"),
    ],
)
def test_what_an_index_does_not_have_is_named_too(line: str, told: str) -> None:
    with pytest.raises(UsageError) as refused:
        chosen("", f"{line}\n", "web1")
    assert told in refused.value.problem


def test_a_wheel_in_the_project_goes_with_it() -> None:
    assert chosen("", "./wheels/money-1.0-py3-none-any.whl\n", "web1") == ()


def test_the_index_is_asked_for_the_machines_python_and_for_nothing_of_the_projects_own() -> None:
    python = Interpreter("/usr/bin/python3.11", "3.11.2", "aarch64-manylinux_2_36")
    asked, _, run = list_steps("flask==3.1.0\n./wheels/x.whl\n", python, "/uv", Path("/project"), Path("/tmp/x"))
    assert isinstance(asked, File)
    assert asked.content == "flask==3.1.0\n"
    assert isinstance(run, Run)
    assert run.directory == Path("/project")
    assert run.argv[run.argv.index("--python-platform") + 1] == "aarch64-manylinux_2_36"
    assert run.argv[run.argv.index("--python-version") + 1] == "3.11.2"
