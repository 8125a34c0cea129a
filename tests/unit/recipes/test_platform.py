"""What wheels a machine takes."""

import pytest

from uncork.errors import UsageError
from uncork.recipes.platform import Platform


@pytest.mark.parametrize(
    ("machine", "libc", "wheels"),
    [
        ("x86_64", "glibc 2.36", "x86_64-manylinux_2_36"),
        ("aarch64", "glibc 2.35\n", "aarch64-manylinux_2_35"),
        ("x86_64", "glibc 2.30", "x86_64-manylinux_2_28"),
        ("x86_64", "glibc 2.41", "x86_64-manylinux_2_40"),
    ],
)
def test_a_machine_takes_the_newest_wheels_that_its_libc_runs(machine: str, libc: str, wheels: str) -> None:
    assert Platform("3.11.2", machine, libc).wheels == wheels


@pytest.mark.parametrize(("machine", "libc"), [("riscv64", "glibc 2.36"), ("x86_64", ""), ("x86_64", "musl 1.2")])
def test_a_machine_that_there_are_no_wheels_for_is_refused(machine: str, libc: str) -> None:
    with pytest.raises(UsageError, match=f"no wheels for {machine}"):
        _ = Platform("3.11.2", machine, libc).wheels
