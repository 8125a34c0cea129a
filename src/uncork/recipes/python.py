"""Which of this machine's Pythons a release runs on."""

from collections.abc import Sequence
from typing import Final

from uncork.errors import UsageError
from uncork.model import Interpreter
from uncork.recipes.specifier import allows, version

OLDEST: Final = ">=3.9"  # what the part of uncork that travels in a release runs on
PREFERRED: Final = "3.12"


def choose(
    interpreters: Sequence[Interpreter], requires_python: str, reachable: frozenset[str], *, machine: bool = False
) -> Interpreter:
    """Return the first that the project allows and that who serves requests can reach (by its path).

    Raises UsageError that says what there is, and how to get what is missing; on a `machine` that is set up for serving
    that is done from elsewhere.
    """
    allowed = [i for i in interpreters if fits(i, requires_python)]
    found = next((i for i in allowed if i.path in reachable), None)
    if found:
        return found
    if allowed and not machine:
        raise _out_of_reach(allowed, requires_python)
    newest = _wanted(requires_python)
    here = f"install one, with `uv python install {newest}` or from your distribution"
    raise UsageError(
        f"no Python here is {requires_python or OLDEST}; there is {_list(interpreters) or 'none'}",
        f"send it one: `uncork server python {newest} HOST`" if machine else here,
    )


def fits(interpreter: Interpreter, requires_python: str) -> bool:
    """Whether the project allows it, and uncork does. Raises UsageError if what the project says is not clear."""
    try:
        return allows(requires_python, interpreter.version) and allows(OLDEST, interpreter.version)
    except ValueError as error:
        problem = f"requires-python can't be understood: {error} in {requires_python!r}"
        raise UsageError(problem, 'write it like `requires-python = ">=3.10"`') from error


def _out_of_reach(allowed: Sequence[Interpreter], requires_python: str) -> UsageError:
    wanted = _wanted(requires_python)
    return UsageError(
        f"the account that serves requests can't reach any Python that would do: {_list(allowed)}",
        f"install one for everybody: `apt install python{wanted} python{wanted}-venv`, "
        f"or `UV_PYTHON_INSTALL_DIR=/opt/python uv python install {wanted}` and put its bin folder on the PATH",
    )


def _list(interpreters: Sequence[Interpreter]) -> str:
    return ", ".join(f"{i.version} ({i.path})" for i in interpreters)


def _wanted(requires_python: str) -> str:
    """Return the newest minor version that the project allows, or the preferred one if it does."""
    minors = (PREFERRED, *(f"3.{minor}" for minor in range(14, 8, -1)))
    return next((m for m in minors if allows(requires_python, f"{m}.99") and version(m)), PREFERRED)
