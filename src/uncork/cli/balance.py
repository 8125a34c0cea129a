"""`uncork balance`: what a balancer is told by who deploys; another uncork calls it, over SSH."""

import sys

import click

from uncork.cli.options import Asked, Goes, asks
from uncork.cli.output import emit, fields
from uncork.cli.progress import progress


@click.command("balance", hidden=True)
@asks(app=False, goes=Goes.HERE)
def command(asked: Asked) -> None:
    """Share an app's requests out as a JSON object on standard input says, and tell which hosts were out before."""
    from uncork.workflows.balance import balance

    with progress(asked) as report:
        told = balance(asked.layout, sys.stdin.buffer.readline(), report)
    emit({"balancer": fields(told)})
