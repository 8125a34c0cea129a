"""The files that a config names: keys stay out of releases, and passwords must let somebody in."""

from dataclasses import replace
from pathlib import Path

from uncork.config import Config
from uncork.errors import UsageError
from uncork.machine import passwords
from uncork.machine.trees import Tree
from uncork.model import Account
from uncork.recipes.paths import own_file


def without_key(tree: Tree, config: Config) -> Tree:
    """Return the tree without the key of the project's certificate: a release, which is code, is no place for it."""
    key = (tree.root / config.tls.key).resolve() if config.tls.key else None
    left = tuple(name for name in tree.names if key is None or (tree.root / name).resolve() != key)
    note = () if left == tree.names else (f"{config.tls.key} is a key and is not copied: the front alone gets it",)
    return replace(tree, names=left, notes=(*tree.notes, *note))


def check_passwords(tree: Tree, config: Config, account: Account | None) -> None:
    """Raise UsageError for a file of passwords that a release would not have, or that lets nobody in."""
    for name in dict.fromkeys(rule.basic_auth for rule in config.front.paths if rule.basic_auth):
        own = own_file(name)
        if own and own not in tree.names:
            fix = "add it to the project (to git, in a checkout), or name a file elsewhere with its whole path"
            raise UsageError(f"`basic_auth` of [[front.paths]]: {name} is not among the project's files", fix)
        # What a release copies is read by the account, whoever may read it here.
        passwords.check(tree.root / own if own else Path(name), None if own else account)
