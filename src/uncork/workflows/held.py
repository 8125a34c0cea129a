"""A rollback, a restart or a scaling that is held until who asked several machines for it says whether it stays."""

import json
from contextlib import suppress

from uncork.layout import Layout
from uncork.workflows import journal
from uncork.workflows.receive import Talk, is_free
from uncork.workflows.relay import Change, Explain, carry_out


def held(layout: Layout, app: str, what: str, change: Change, talk: Talk, explain: Explain) -> int:
    """Make a change in a process of its own, and tell it as `receive` tells a deploy; `what` is what it is called.

    Returns the exit code. Where nobody says a word any more, it stays.
    """
    try:
        is_free(layout, app)
        before = journal.cut_off(layout, app)
        with journal.opened(layout, app, what) as told:
            for note in before:
                told.note(note)
            return carry_out(layout, change, told, talk, explain, hold=True)
    except BrokenPipeError:
        return 1
    except Exception as error:  # noqa: BLE001 -- whatever it is, who listens must know
        with suppress(BrokenPipeError):
            talk.tell(json.dumps({"error": explain(error)}).encode() + b"\n")
        return 1
