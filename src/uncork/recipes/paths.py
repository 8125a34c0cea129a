"""The rules for paths, as a release has them: with passwords where the front finds them, and what servers are told."""

from dataclasses import replace
from pathlib import Path, PurePosixPath

from uncork.app_layout import AppLayout
from uncork.config import Config
from uncork.serving import PathRule


def rules(config: Config, layout: AppLayout) -> tuple[PathRule, ...]:
    """Return the rules of an app. The project's own files are named through the `live` link: they come and go with it.

    What is named with its whole path stays where it is, and counts as it is at each request.
    """
    return tuple(
        replace(rule, basic_auth=str(_place(rule.basic_auth, layout))) if rule.basic_auth else rule
        for rule in config.front.paths
    )


def request_timeout(config: Config) -> float:
    """Return how long any request of the app may take, in seconds: a server knows no paths."""
    return max(config.request_timeout, *(rule.timeout or 0.0 for rule in config.front.paths), 0.0)


def own_file(name: str) -> str:
    """Return the name of a project's file as its tree has it; empty for one that is named with its whole path."""
    path = PurePosixPath(name)
    return "" if path.is_absolute() else str(path)


def _place(name: str, layout: AppLayout) -> Path:
    """A whole path is as it was written."""
    own = own_file(name)
    return layout.live / "source" / own if own else Path(name)
