"""What a refused release is told by: the cause in the project's own words, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from uncork.errors import RefusedError, StepFailedError
from uncork.model import Release
from uncork.project.asgi import FIX as ASGI_FIX
from uncork.project.distributions import distribution_for


@dataclass(frozen=True)
class Failure:
    """What the import of an app said when it failed: `place` is `file:line` in the project, `module` is missing."""

    kind: str
    message: str
    traceback: str
    module: str | None = None
    place: str | None = None


def serving(live: Release | None) -> str:
    """Return what visitors see after a refusal."""
    return f"release {live.id} still serves" if live else "nothing serves yet"


def import_failed(failure: Failure, number: int, live: Release | None, local: frozenset[str]) -> RefusedError:
    """Return the refusal of a release whose app could not be imported. `local` are the project's own modules."""
    where = f" at {failure.place}" if failure.place else ""
    if failure.kind == "SystemExit":
        problem = f"the app exits while it is imported{where}"
        fix = 'move what ends the program (`sys.exit`, `app.run`) under `if __name__ == "__main__":`'
    elif failure.kind in {"ModuleNotFoundError", "ImportError"} and failure.module:
        problem = f"the module {failure.module} is missing; it is imported{where}"
        fix = _missing(failure.module.partition(".")[0], local)
    elif failure.kind == "AsgiError":
        problem, fix = failure.message, ASGI_FIX
    elif failure.kind == "PermissionError":
        problem = f"the app can't be imported: {failure.kind}: {failure.message}{where}"
        fix = "a release can't be written to: keep data in `app.instance_path`, which outlives it, and deploy again"
    elif failure.kind == "KeyError" and "os.environ" in failure.traceback:
        name = failure.message.strip("'\"")
        problem = f"the environment variable {name} is not set; it is read{where}"
        fix = f"set it with `uncork config set {name}=...`, then deploy again"
    else:
        problem = f"the app can't be imported: {failure.kind}: {failure.message}{where}"
        fix = "mend it and deploy again"
    return RefusedError(f"release {number} was refused, {serving(live)}: {problem}", fix, failure.traceback, number)


def step_failed(error: StepFailedError, number: int, live: Release | None) -> RefusedError:
    """Return the refusal of a release for which a step failed."""
    problem = f"release {number} was refused, {serving(live)}: could not {error.why}: {error.reason}"
    full = error.reason.startswith("no space left")
    fix = "free some space there and deploy again" if full else FIXES.get(error.why, ANY)
    return RefusedError(problem, fix, error.output, number)


def _missing(module: str, local: frozenset[str]) -> str:
    if module == "uncork":
        return "import uncork_runtime in its place: it is what travels in a release, and has all that an app needs"
    if module in local:
        return f"{module} is a module of the project, but not where the app looks for it: check the name and the folder"
    return f"add {distribution_for(module)} to the project's dependencies and deploy again"


ANY: Final = "mend the cause shown above and deploy again"
FIXES: Mapping[str, str] = {
    "lock its dependencies": "mend the requirement that the resolver names, and deploy again",
    "lock its server": "change the requirement that the resolver names, which the server can't be beside; or take "
    "another server",
    "install its dependencies": "mend the requirement that is named, and deploy again",
    "import the app": "what runs at import must end; give it longer with `boot_deadline` if it really needs it",
    "run the release command": "mend it, or take `release_command` out of the config, and deploy again",
}
