"""`uncork deploy`: deploy a project to the machines of a target."""

from dataclasses import replace

import click

from uncork.cli.deployed import told
from uncork.cli.options import Asked, Goes, asks
from uncork.cli.places import place
from uncork.cli.progress import progress
from uncork.cli.projects import options_of, project, up_options
from uncork.errors import UsageError


@click.command("deploy")
@up_options
@click.option("--dirty", is_flag=True, help="Deploy a git checkout as it is: also what is modified, or new.")
@asks(app=False, goes=Goes.BY_ITSELF)
def command(
    asked: Asked, path: str, environment: str | None, port: int | None, bind: str | None, *, dirty: bool
) -> None:
    """Deploy the project at PATH to a machine that `server setup` has set up.

    What git would give is sent, as far as the machine lacks it; its own uncork does there what `up` does here. Losing
    the connection harms nothing: the deploy goes on there, or is taken back, and `status` says which.
    """
    from uncork.remote.deploy import deploy
    from uncork.remote.source import source
    from uncork.remote.ssh import connect

    root = project(path)
    there = place(asked, root)
    if there is None:
        raise UsageError(
            "the project has no machines to go to",
            'name one: --host deploy@203.0.113.7, or write [tool.uncork.targets.production] with hosts = ["..."]',
        )
    target = there.target.name if there.target else ""
    sent = source(root, replace(options_of(environment, port, bind), target=target), dirty=dirty)
    with progress(asked) as report:
        deployed = deploy(connect(there.hosts[0], accept_new=asked.accept_new), sent, report)
    told(asked, replace(deployed, notes=(*sent.notes, *deployed.notes)))
