"""What of a project goes to a machine: what git would give, and what its config names beside that."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from uncork.config import Config, load
from uncork.errors import UsageError
from uncork.machine import checkouts, trees
from uncork.project.detect import detect
from uncork.recipes.paths import own_file
from uncork.remote.transfer import Item, items
from uncork.workflows.given import without_key
from uncork.workflows.receive import Order
from uncork.workflows.up import Found, UpOptions

_SHOWN = 5


@dataclass(frozen=True)
class Source:
    """A project as it is sent: what was found, and the files that go. `beside` names those that are no part of it."""

    found: Found
    options: UpOptions
    files: tuple[Item, ...]
    beside: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is worth telling of what goes, and of what does not."""
        return self.found.tree.notes

    @property
    def sends_wheels(self) -> bool:
        """Whether the machines get no packages by themselves."""
        target = self.found.config.target
        return target is not None and target.wheels == "send"

    def order(self, names: tuple[str, ...], *, hold: bool = False) -> Order:
        """Return what a machine is asked for, which is called by these names."""
        options, found = self.options, self.found
        return Order(
            app=found.config.name,
            folder=found.tree.root.name,
            files=tuple(one.listed for one in self.files),
            beside=self.beside,
            environment=options.environment,
            target=options.target,
            names=names,
            port=options.port,
            bind=options.bind,
            environ={**found.tree.environment, **options.environ},
            python=found.project.requires_python,
            server=found.config.server.kind,
            locked=options.locked,
            hold=hold,
        )


def source(root: Path, options: UpOptions, *, dirty: bool = False) -> Source:
    """Return a project as it is to be sent: of a git checkout what is committed, with `dirty` all as it is.

    Raises UsageError where files are modified and it is not `dirty`, or where the project, its config or its app is not
    clear: before any machine is asked.
    """
    changed = () if dirty else checkouts.modified(root.resolve())
    if changed:
        shown = ", ".join([*changed[:_SHOWN], *(["..."] if len(changed) > _SHOWN else [])])
        raise UsageError(
            f"what git tracks is not as it was committed: {shown}",
            "commit them, or deploy all as it is with --dirty",
        )
    tree = trees.read(root, tracked=not dirty)
    config = load(tree.texts, options.environment, tree.root.name, options.target)
    project = detect(tree.texts, config, {**tree.environment, **options.environ})
    if config.target and config.target.balancer:
        tree = without_key(tree, config)
    beside = tuple(name for name in dict.fromkeys(_certificate(tree, config)) if name not in tree.names)
    return Source(Found(tree, config, project), options, items(tree.root, (*tree.names, *beside)), beside)


def _certificate(tree: trees.Tree, config: Config) -> Iterator[str]:
    """Yield the names of the certificate's files, if they lie with the project: git does not know keys, as a rule.

    That of a balancer is none of the machines' business.
    """
    for name in (config.own_tls.cert, config.own_tls.key):
        own = own_file(name) if name else ""
        if own and (tree.root / own).is_file():
            yield own
