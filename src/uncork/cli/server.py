"""`uncork server`: machines over SSH, from nothing to one that serves, and back."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from uncork.cli import git_remote, server_python
from uncork.cli.agreed import agreed
from uncork.cli.options import Asked, Goes, asks
from uncork.cli.output import emit, fields, state, styled, table
from uncork.cli.places import place
from uncork.cli.progress import progress
from uncork.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from uncork.recipes.setup.change import Change
    from uncork.remote.server import Standing
    from uncork.remote.ssh import Connection

GIGABYTE: Final = 1024**3
HEAD: Final = ("host", "system", "uncork", "python", "nginx", "agent", "apps", "free")


@click.group("server")
def command() -> None:
    """Set up machines over SSH, see how they are, and take uncork from them again."""


command.add_command(git_remote.command)
command.add_command(server_python.command)
hosts_argument = click.argument("hosts", metavar="[HOST]...", nargs=-1)
dry_run_option = click.option("--dry-run", is_flag=True, help="Print what would be changed, and change nothing.")


@command.command("setup")
@hosts_argument
@dry_run_option
@asks(app=False, goes=Goes.BY_ITSELF)
def setup(asked: Asked, hosts: tuple[str, ...], *, dry_run: bool) -> None:
    """Make each HOST a machine that `uncork deploy` can go to.

    HOST is as ssh has it: deploy@203.0.113.7, or a name of ~/.ssh/config; without any it is those of the target. The
    machine needs Debian 12 or 13, or Ubuntu 22.04 or 24.04, and root's rights by sudo without a password, or root
    itself. What is so already is left alone: a second time nothing is changed.
    """
    _set_up(asked, _hosts(asked, hosts), "server setup", dry_run=dry_run)


@command.command("upgrade")
@hosts_argument
@dry_run_option
@asks(app=False, goes=Goes.BY_ITSELF)
def upgrade(asked: Asked, hosts: tuple[str, ...], *, dry_run: bool) -> None:
    """Bring each HOST to the very uncork that runs this, be it newer or older; what serves goes on serving."""
    _set_up(asked, _hosts(asked, hosts), "server upgrade", dry_run=dry_run)


@command.command("status")
@hosts_argument
@asks(app=False, goes=Goes.BY_ITSELF)
def status(asked: Asked, hosts: tuple[str, ...]) -> int:
    """Print which uncork each HOST has, and whether nginx and the agent run there. Exit status 5: one does not."""
    found = _standings(asked, _hosts(asked, hosts))
    if asked.json:
        emit({"hosts": [fields(one) for one in found]})
    else:
        click.echo(table(HEAD, [_row(one) for one in found if not one.problem]))
        for one in found:
            if one.problem:
                click.echo(one.problem, err=True)
    return ExitCode.OK if all(one.well for one in found) else ExitCode.NOT_RUNNING


def _standings(asked: Asked, hosts: Sequence[str]) -> "tuple[Standing, ...]":
    """Return how machines are. Raises UserError where the only one can't be asked."""
    from uncork.remote.server import standing, standings

    if len(hosts) > 1:
        return standings(hosts, accept_new=asked.accept_new)
    return tuple(standing(connection) for connection in _connected(asked, hosts))


def _row(one: "Standing") -> tuple[str, ...]:
    version = f"{one.uncork}{'' if one.same else ' (not this one)'}" if one.uncork else "not set up"
    runs = (state(one.nginx) or "-", state(one.agent) or "-")
    return (one.host, one.system, version, one.python, *runs, ", ".join(one.apps) or "-", _gigabytes(one.free))


def _gigabytes(size: int) -> str:
    return f"{size / GIGABYTE:.1f} GB"


@command.command("remove")
@hosts_argument
@dry_run_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@asks(app=False, goes=Goes.BY_ITSELF)
def remove(asked: Asked, hosts: tuple[str, ...], *, dry_run: bool, yes: bool) -> int:
    """Take all of uncork from each HOST, its apps and their data too; but for the logs it is as it was before."""
    from uncork.remote import removing

    told = []
    hosts = _hosts(asked, hosts)
    for connection in _connected(asked, hosts):
        plan = removing.planned(connection)
        if dry_run:
            told.append(_previewed(asked, connection.host, plan.changes))
            continue
        if plan.changes and not yes and not _agreed(asked, connection.host, plan.seen.apps):
            click.echo("nothing was removed", err=True)
            return ExitCode.ERROR
        _begun(asked, connection.host, hosts)
        with progress(asked) as report:
            removing.remove(connection, plan, report)
        told.append({"host": connection.host, "changes": [change.what for change in plan.changes]})
        if not asked.json:
            click.echo(f"{connection.host}: {'uncork is gone' if plan.changes else 'it was never set up: 0 changes'}")
    if asked.json:
        emit({"hosts": told, "dry_run": dry_run})
    return ExitCode.OK


@command.command("agent", hidden=True)
@asks(app=False, goes=Goes.HERE)
def agent(asked: Asked) -> None:
    """Have the agent run here, on a machine that was set up."""
    from uncork.workflows.tend import tend

    with progress(asked) as report:
        tend(asked.layout, report)


def _set_up(asked: Asked, hosts: Sequence[str], verb: str, *, dry_run: bool) -> None:
    from uncork.remote.setting_up import Bundles, planned, set_up

    told = []
    with Bundles() as bundles:
        for connection in _connected(asked, hosts):
            plan = planned(connection, upgrade=verb == "server upgrade")
            if dry_run:
                told.append(_previewed(asked, connection.host, plan.changes))
                continue
            _begun(asked, connection.host, hosts)
            with progress(asked) as report:
                set_up(connection, plan, bundles, report, verb)
            told.append({"host": connection.host, "changes": [change.what for change in plan.changes]})
            if not asked.json:
                click.echo(f"{connection.host} is set up for serving: {_count(plan.changes)}")
    if asked.json:
        emit({"hosts": told, "dry_run": dry_run})


def _begun(asked: Asked, host: str, hosts: Sequence[str]) -> None:
    """Say whose turn it is, where there are several."""
    if len(hosts) > 1 and not asked.json:
        click.echo(styled(f"{host}:", bold=True))


def _count(changes: "Sequence[Change]") -> str:
    return f"{len(changes)} change{'' if len(changes) == 1 else 's'}"


def _previewed(asked: Asked, host: str, changes: "Sequence[Change]") -> dict[str, object]:
    """Print what would be changed on a machine, and return it as JSON has it."""
    from uncork.remote.hands import shown

    steps = [(change.what, [shown(step) for step in change.steps]) for change in changes]
    if not asked.json:
        click.echo(f"{host}: {_count(changes)}")
        for what, does in steps:
            click.echo("\n".join((f"  {what}", *(f"    {one}" for one in does))))
    return {"host": host, "changes": [{"what": what, "steps": does} for what, does in steps]}


def _agreed(asked: Asked, host: str, apps: Sequence[str]) -> bool:
    data = f", and {', '.join(apps)} with all data" if apps else ""
    return agreed(asked, f"removes uncork from {host}{data}", f"Remove uncork from {host}{data}?")


def _hosts(asked: Asked, said: Sequence[str]) -> tuple[str, ...]:
    """Return the machines that were named, else those of the target. Raises UsageError without any."""
    if said:
        return tuple(dict.fromkeys((*said, *asked.hosts)))
    there = place(asked, Path.cwd())
    if not there or not there.hosts:
        raise UsageError(
            "no machine was named, and the project here has no target",
            "name it as ssh has it: `uncork server setup deploy@203.0.113.7`",
        )
    balancer = there.target.balancer if there.target and not asked.hosts else None
    return tuple(dict.fromkeys((*there.hosts, *((balancer.host,) if balancer else ()))))


def _connected(asked: Asked, hosts: Sequence[str]) -> "Iterator[Connection]":
    from uncork.remote.ssh import connect

    return (connect(host, accept_new=asked.accept_new) for host in hosts)
