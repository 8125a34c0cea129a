"""Where a verb goes: this machine, or those of a target of the project, all of them or some."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from uncork.cli.asked import Asked
from uncork.errors import UsageError
from uncork.serving import THIS_MACHINE, Target

if TYPE_CHECKING:
    from uncork.config import Config

_OWN: Final = "uncork.toml"
_FILES: Final = (_OWN, "pyproject.toml")
_APPS: Final = ("app.py", "wsgi.py")
_WORD: Final = "targets"


@dataclass(frozen=True)
class Place:
    """The machines a verb goes to, as `ssh` takes them; the target they are of and the app that is meant, if known."""

    hosts: tuple[str, ...]
    target: Target | None = None
    app: str | None = None

    @property
    def balancer(self) -> str | None:
        """The machine that shares requests out among those of the target, if all of these are meant."""
        target = self.target
        return target.balancer.host if target and target.balancer and {*target.hosts} <= {*self.hosts} else None


def place(asked: Asked, root: Path, *, implied: bool = True) -> Place | None:
    """Return where a verb goes that was called for the project at `root`; None is this machine.

    The only target of a project needs no naming where `implied`. Raises UsageError where it is not clear.
    """
    if asked.target == THIS_MACHINE:
        if asked.hosts:
            raise UsageError("`local` is this machine, and has no hosts", "take --host out, or name another target")
        return None
    texts = texts_in(root)
    if asked.target is not None:
        return _of_target(asked, texts, root, asked.target)
    if asked.hosts:
        return _of_hosts(asked, texts, root)
    if not implied or asked.home_said or not any(_WORD in text for text in texts.values()):
        return None
    only = _only(texts)
    return _of_target(asked, texts, root, only) if only else None


def texts_in(root: Path) -> Mapping[str, str]:
    """Return the files of a project that may hold its config, by their names."""
    return {name: _text(root / name) for name in _FILES if (root / name).is_file()}


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _only(texts: Mapping[str, str]) -> str | None:
    """Return the only target of a project, None if it has none."""
    from uncork.config import targets_of

    names = [target.name for target in targets_of(texts) if target.name != THIS_MACHINE]
    if len(names) > 1:
        raise UsageError(
            f"the project has several targets: {', '.join(names)}",
            f"name one of them: -t {names[0]}; -t {THIS_MACHINE} is this machine",
        )
    return names[0] if names else None


def _of_target(asked: Asked, texts: Mapping[str, str], root: Path, name: str) -> Place:
    config = _config(texts, root, name)
    target = config.target or Target(name)
    hosts = tuple(_host(said, target) for said in asked.hosts) or target.hosts
    return Place(tuple(dict.fromkeys(hosts)), target, asked.app or config.name)


def _config(texts: Mapping[str, str], root: Path, target: str) -> "Config":
    from uncork.config import load

    return load(texts, None, root.resolve().name, target)


def _host(said: str, target: Target) -> str:
    """Return the host of a target that was meant: it may be named without its user."""
    for host in target.hosts:
        if said in {host, host.removeprefix("ssh://").rpartition("@")[2]}:
            return host
    nearest = difflib.get_close_matches(said, target.hosts, n=1)
    instead = f"did you mean --host {nearest[0]}?" if nearest else f"name one of {', '.join(target.hosts)}"
    raise UsageError(f"{said} is no host of the target {target.name}", instead)


def _of_hosts(asked: Asked, texts: Mapping[str, str], root: Path) -> Place:
    """Return the machines that were named; they are a target's where one has them all."""
    from uncork.config import targets_of
    from uncork.config.targets import host
    from uncork.config.values import ValueRefusedError

    having = [target.name for target in targets_of(texts) if _has_all(target, asked.hosts)]
    if len(having) == 1:
        return _of_target(asked, texts, root, having[0])
    try:
        hosts = tuple(dict.fromkeys(host(said) for said in asked.hosts))
    except ValueRefusedError as refused:
        raise UsageError(f"--host {refused.problem}", refused.fix) from refused
    return Place(hosts, None, asked.app or (_config(texts, root, "").name if having or _ours(texts, root) else None))


def _ours(texts: Mapping[str, str], root: Path) -> bool:
    """Return whether this is surely a project that `deploy` would take: then it is the one that is meant."""
    told = _OWN in texts or any("[tool.uncork" in text for text in texts.values())
    return told or any((root / name).is_file() for name in _APPS)


def _has_all(target: Target, said: tuple[str, ...]) -> bool:
    try:
        return all(_host(one, target) for one in said)
    except UsageError:
        return False
