"""`uncork deploy`: deploy a project to the machines of a target."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from uncork.cli.deployed import told
from uncork.cli.options import Asked, Goes, asks
from uncork.cli.places import Place, place, texts_in
from uncork.cli.progress import progress
from uncork.cli.projects import options_of, project, up_options
from uncork.cli.rolled import rolled
from uncork.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from uncork.remote.fleet import Manner
    from uncork.remote.source import Source


@click.command("deploy")
@up_options
@click.option("--dirty", is_flag=True, help="Deploy a git checkout as it is: also what is modified, or new.")
@click.option("--only", metavar="HOST", multiple=True, help="Some of the target's machines, and no other; repeatable.")
@click.option("--parallel", is_flag=True, help="All machines at once, instead of first one and then the others.")
@click.option("--no-upgrade", is_flag=True, help="Leave machines with another uncork as they are, and do not go there.")
@asks(app=False, goes=Goes.BY_ITSELF)
def command(  # noqa: PLR0913 -- an option each
    asked: Asked, path: str, environment: str | None, port: int | None, bind: str | None,
    *, dirty: bool, only: tuple[str, ...], parallel: bool, no_upgrade: bool,
) -> int:  # fmt: skip
    """Deploy the project at PATH to machines that `server setup` has set up.

    What git would give is sent, as far as a machine lacks it; its own uncork does there what `up` does here. Losing
    the connection harms nothing: the deploy goes on there, or is taken back, and `status` says which. Of several
    machines the first goes alone, then the others in batches; if one fails, those that switched go back.
    """
    from uncork.remote.fleet import Manner, deploy_to_all
    from uncork.remote.source import source

    root = project(path)
    there = _place(asked, root, only)
    target = there.target.name if there.target else ""
    sent = source(root, replace(options_of(environment, port, bind), target=target), dirty=dirty)
    size = there.target.batch if there.target else 1
    manner = Manner(size, parallel=parallel, upgrade=not no_upgrade, accept_new=asked.accept_new)
    if len(there.hosts) == 1 and not (there.target and there.target.balancer):
        _to_one(asked, there.hosts[0], sent, manner)
        return ExitCode.OK
    with progress(asked) as report:
        done = deploy_to_all(there.hosts, there.target, sent, manner, report)
    return rolled(asked, done, sent.notes)


def _place(asked: Asked, root: Path, only: tuple[str, ...]) -> Place:
    from uncork.config.holder import file_of, written

    if only and asked.hosts:
        raise UsageError("both --host and --only say which machines", "say one of them: --only is for a target's")
    there = place(replace(asked, hosts=only) if only else asked, root)
    if only and there and not there.target:
        raise UsageError(f"{', '.join(only)}: no target has all of these", "name machines of one, or others by --host")
    if there is None:
        where = written(file_of(texts_in(root)), "targets", "production")
        raise UsageError(
            "the project has no machines to go to",
            f'name one: --host deploy@203.0.113.7, or write hosts = ["..."] {where}',
        )
    return there


def _to_one(asked: Asked, host: str, sent: "Source", manner: "Manner") -> None:
    from uncork.remote.deploy import deploy
    from uncork.remote.server import brought
    from uncork.remote.ssh import connect

    with progress(asked) as report:
        connection = connect(host, accept_new=manner.accept_new)
        brought(connection, report, upgrade=manner.upgrade)
        deployed = deploy(connection, sent, report)
    told(asked, replace(deployed, notes=(*sent.notes, *deployed.notes)))
