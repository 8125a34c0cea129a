"""Which app a verb acts on: the only one, or the one that was asked for."""

import difflib
from collections.abc import Sequence
from typing import Final

from uncork.config.values import shown
from uncork.errors import UsageError

FIRST: Final = "deploy a project with `uncork up PATH`, to another machine with `uncork deploy PATH`"


def choose(names: Sequence[str], asked: str | None) -> str:
    """Return the app to act on. Raises UsageError if none is there, if several are, or if the asked one is not."""
    if asked is not None:
        if asked in names:
            return asked
        raise UsageError(f"there is no app {shown(asked)} here", _instead(names, asked))
    if not names:
        raise UsageError("nothing is deployed here yet", FIRST)
    if len(names) > 1:
        raise UsageError(f"several apps are here: {', '.join(names)}", f"name one of them: --app {names[0]}")
    return names[0]


def _instead(names: Sequence[str], asked: str) -> str:
    if not names:
        return FIRST
    nearest = difflib.get_close_matches(asked, names, n=1)
    return f"deploy it, or name one that is: {', '.join(names)}" if not nearest else f"did you mean --app {nearest[0]}?"
