"""How the virtual environment of a release is made."""

from pathlib import Path

from uncork.model import Interpreter
from uncork.plan import File, Remove, Run
from uncork.recipes.environment import Environment, environment_steps

PYTHON = Interpreter("/usr/bin/python3.11", "3.11.2")


def test_nothing_that_anybody_may_write_to_is_left_in_an_environment_that_is_complete() -> None:
    environment = Environment(PYTHON, "flask==3.1.3\n", "1f", Path("/state/venvs/1f"), ())
    steps = environment_steps(environment, "/usr/bin/uv", Path("/src"), ())
    lock = steps.index(Remove(Path("/state/venvs/1f/.lock")))
    last = max(at for at, step in enumerate(steps) if isinstance(step, Run))
    assert last < lock < steps.index(File(environment.complete, environment.lock))
