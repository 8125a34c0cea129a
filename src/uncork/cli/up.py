"""`uncork up`: deploy a project."""

import click

from uncork.cli.deployed import told
from uncork.cli.options import Asked, Goes, asks
from uncork.cli.progress import progress
from uncork.cli.projects import options_of, project, up_options


@click.command("up")
@up_options
@asks(app=False, goes=Goes.HERE)
def command(asked: Asked, path: str, environment: str | None, port: int | None, bind: str | None) -> None:
    """Serve the project at PATH, or let a new release of it take over.

    The new release is built and proven beside the one that serves; visitors notice neither its coming nor its
    failing. The last line is the address. Exit status 3: the new release was refused, what served before serves.
    """
    from uncork.workflows.up import up

    with progress(asked) as report:
        deployed = up(asked.layout, project(path), options_of(environment, port, bind), report)
    told(asked, deployed)
