"""Asks before what can't be taken back, or ends what others visit."""

import sys

import click

from uncork.cli.asked import Asked
from uncork.errors import UsageError


def agreed(asked: Asked, does: str, question: str) -> bool:
    """Return whether the person says yes. Raises UsageError, with what is to be done, where nobody can be asked."""
    if asked.json or not sys.stdin.isatty():
        raise UsageError(f"this {does}, and nobody is there to be asked", "say --yes if it is meant")
    return click.confirm(question, err=True)
