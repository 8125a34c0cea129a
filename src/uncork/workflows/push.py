"""Deploy what somebody pushes: git archives it as the user who pushed, and it is deployed as one that was sent is."""

from dataclasses import dataclass
from typing import BinaryIO

from uncork.config import load
from uncork.errors import UsageError
from uncork.layout import Layout
from uncork.machine import trees
from uncork.machine.archives import unpacked
from uncork.serving import THIS_MACHINE
from uncork.workflows import journal
from uncork.workflows.receive import is_free
from uncork.workflows.relay import Explain, Listener, deploy
from uncork.workflows.up import Sent, UpOptions


@dataclass(frozen=True)
class Pushed:
    """What a repository knows of its project: its app, what its folder was called, and as what it is deployed.

    `names` are what the machine is called by who asked for the repository, as in `Order`.
    """

    app: str
    folder: str
    target: str = THIS_MACHINE
    environment: str | None = None
    names: tuple[str, ...] = ()


def receive_push(layout: Layout, pushed: Pushed, archive: BinaryIO, listener: Listener, explain: Explain) -> int:
    """Deploy what `git archive` wrote, and tell it; returns the exit code. Raises UsageError, LockedError."""
    is_free(layout, pushed.app)
    before = journal.cut_off(layout, pushed.app)
    with journal.opened(layout, pushed.app) as told, journal.told_now(told):
        told.tree.mkdir()
        tree = trees.read(told.tree, names=unpacked(archive, told.tree))
        _has_packages(pushed, tree)
        for note in (*before, *tree.notes):
            told.note(note)
        options = UpOptions(
            environment=pushed.environment,
            environ=dict(tree.environment),
            target=pushed.target,
            names=pushed.names,
            sent=Sent(pushed.folder, tree.names),
        )
        return deploy(layout, options, told, listener, explain)


def _has_packages(pushed: Pushed, tree: trees.Tree) -> None:
    config = load(tree.texts, pushed.environment, pushed.folder, pushed.target)
    if config.target and config.target.wheels == "send":
        raise UsageError(
            f"the target {config.target.name} has its packages sent, and git sends none", "deploy it by `uncork deploy`"
        )
