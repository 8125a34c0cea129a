"""`uncork renew`: certificates that a CA gives, before their time if that is asked for."""

from typing import TYPE_CHECKING

import click

from uncork.cli.options import Asked, asks
from uncork.cli.output import emit, fields, styled
from uncork.cli.progress import progress
from uncork.errors import ExitCode

if TYPE_CHECKING:
    from uncork.workflows.issuing import Renewed


@click.command("renew")
@click.option("--force", is_flag=True, help="Also certificates that have much of their time left.")
@asks(one=False)
def command(asked: Asked, *, force: bool) -> int:
    """Get and renew the certificates of `tls = "acme"` that are due, of apps and balancers; a timer does so hourly.

    Exit status 1: one could not be had; what there was is shown still, and an app's administrators get a mail.
    """
    from uncork.recipes.choose import choose
    from uncork.workflows import acme
    from uncork.workflows.apps import here

    app = choose(here(asked.layout), asked.app) if asked.app else None
    with progress(asked) as report:
        done = acme.renew(asked.layout, app, report, force=force)
    if asked.json:
        emit({"certificates": [fields(one) for one in done]})
    else:
        _show(done)
    return ExitCode.ERROR if any(one.problem for one in done) else ExitCode.OK


def _show(done: "tuple[Renewed, ...]") -> None:
    if not done:
        click.echo('no app, and no balancer, here has `tls = "acme"`')
    for one in done:
        until = f"until {one.ends}" if one.ends else "no certificate yet"
        of = f"balancer of {one.app}" if one.balancer else one.app
        click.echo(f"{of}: {until}{', new' if one.new else ''}")
        if one.problem:
            click.echo(f"{styled('trouble', fg='yellow')}: {one.problem}: {one.fix}")
