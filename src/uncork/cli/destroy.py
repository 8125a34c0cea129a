"""`uncork destroy`: remove an app and all that is kept of it."""

import click

from uncork.cli.agreed import agreed
from uncork.cli.forward import elsewhere, forward
from uncork.cli.options import Asked, Goes, asks
from uncork.cli.output import emit
from uncork.cli.places import Place
from uncork.cli.progress import progress
from uncork.errors import ExitCode, UsageError


@click.command("destroy")
@click.option("--yes", is_flag=True, help="Do not ask.")
@asks(goes=Goes.BY_ITSELF)
def command(asked: Asked, *, yes: bool) -> int:
    """Remove an app: its releases, its data (the `instance` folder), the values of `config set`, its logs.

    On machines the repositories that it was pushed to go too.
    """
    there = elsewhere(asked)
    return _there(asked, there, yes=yes) if there else _here(asked, yes=yes)


def _there(asked: Asked, there: Place, *, yes: bool) -> int:
    """Remove it on other machines; it is asked here, once for all of them."""
    if there.app is None:
        raise UsageError("it is not clear which app is meant", "name it: --app NAME")
    if not yes and not _agreed(asked, there.app, f"on {', '.join(there.hosts)}"):
        click.echo("nothing was removed", err=True)
        return ExitCode.ERROR
    code = forward(asked, there, ("destroy", "--yes"), app=there.app)
    if there.balancer and not code:
        _from_balancer(asked, there.balancer, there.app)
    return code


def _from_balancer(asked: Asked, host: str, app: str) -> None:
    """Nobody is left whom it could send visitors to."""
    from uncork.remote.balancing import remove
    from uncork.remote.ssh import connect

    remove(connect(host, accept_new=asked.accept_new), app)


def _here(asked: Asked, *, yes: bool) -> int:
    from uncork.recipes.choose import choose
    from uncork.workflows.apps import known
    from uncork.workflows.destroy import destroy

    app = choose(known(asked.layout), asked.app)
    if not yes and not _agreed(asked, app, f"in {asked.layout.app(app).root}"):
        click.echo("nothing was removed", err=True)
        return ExitCode.ERROR
    with progress(asked) as report:
        destroy(asked.layout, app, report)
    if asked.json:
        emit({"app": app, "state": "destroyed"})
    else:
        click.echo(f"{app} is gone")
    return ExitCode.OK


def _agreed(asked: Asked, app: str, where: str) -> bool:
    question = f"Remove {app} and all that is kept of it {where}, its data too?"
    return agreed(asked, f"removes {app} with its data", question)
