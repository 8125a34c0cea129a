"""`uncork status`: what runs."""

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

import click

from uncork.cli.options import Asked, asks
from uncork.cli.output import emit, fields, state, styled, table
from uncork.errors import ExitCode
from uncork.reporting.words import plain, size

if TYPE_CHECKING:
    from uncork.notices import Trouble
    from uncork.workflows.status import AppStatus, BalancerStatus, CertificateStatus, Status

_HEAD = ("APP", "RELEASE", "ENVIRONMENT", "STATE", "SERVER", "WORKERS", "REQUESTS", "MEMORY", "SINCE", "ADDRESS")


@click.command("status")
@asks(one=False)
def command(asked: Asked) -> int:
    """Show what runs: the apps with their workers, the front, the supervisor, the machine.

    Exit status 5: something that should run does not.
    """
    from uncork.recipes.choose import choose
    from uncork.workflows.apps import here
    from uncork.workflows.status import status

    app = choose(here(asked.layout), asked.app) if asked.app else None
    found = status(asked.layout, app)
    if asked.json:
        emit(fields(found))
    else:
        _show(found, machine_wide=asked.layout.machine)
    return ExitCode.OK if found.well else ExitCode.NOT_RUNNING


def _show(found: "Status", *, machine_wide: bool) -> None:
    if found.apps:
        click.echo(table(_HEAD, [_row(app) for app in found.apps]))
    elif not found.balancers:
        verb = "deploy" if machine_wide else "up"
        click.echo(f"nothing is deployed in {found.home}; deploy a project with `uncork {verb} PATH`")
    for line in (*chain.from_iterable(map(_lines, found.apps)), *chain.from_iterable(map(_shared, found.balancers))):
        click.echo(line)
    for note in found.notes:
        click.echo(f"note: {note}")
    for trouble in found.troubles:
        click.echo(f"{styled('trouble', fg='yellow')}: {_plainly(trouble)}")
    machine = found.machine
    # nginx has nothing of ours before the first app: that is no trouble on a machine that was just set up.
    front = "" if machine_wide and not found.apps else f"front {state(found.front)}, "
    click.echo(
        f"{front}supervisor {state(found.supervisor)}, agent {state(found.agent)}; "
        f"{machine.cpus} cores, load {machine.load[0]:.2f}, {size(machine.memory_bytes)} of memory, "
        f"{size(machine.free_disk_bytes)} of disk free"
    )


def _lines(app: "AppStatus") -> Iterator[str]:
    """What the front does in the app's place, and until when it may answer HTTPS."""
    if app.maintenance:
        through = f", except for {', '.join(app.maintenance.allow)}" if app.maintenance.allow else ""
        yield f"{styled('maintenance', fg='yellow')}: visitors of {app.name} are told to come again{through}"
    if app.certificate:
        yield f"certificate of {app.name}: {_until(app.certificate)}"
    if app.cache and app.cache.requests:
        of = f"the last {app.cache.requests} requests"
        yield f"cache of {app.name}: {app.cache.percent} % of {of} were answered by it"


def _shared(balancer: "BalancerStatus") -> Iterator[str]:
    """Whom it sends visitors to, and until when it may answer HTTPS."""
    yield f"balancer of {balancer.app}: {', '.join(balancer.hosts)}"
    if balancer.certificate:
        yield f"certificate of the balancer of {balancer.app}: {_until(balancer.certificate)}"


def _until(certificate: "CertificateStatus") -> str:
    return f"until {certificate.ends}, renewed by itself" if certificate.ends else "none yet"


def _plainly(trouble: "Trouble") -> str:
    """It may quote what a mail server said: nothing in it is for the terminal."""
    of_app = f"{trouble.app}: " if trouble.app else ""
    return plain(f"{of_app}{trouble.what} (since {trouble.since})")


def _row(app: "AppStatus") -> tuple[str, ...]:
    cells = (app.name, str(app.release or ""), app.environment, state(app.state), app.server, *_workers(app))
    return tuple(cell or "-" for cell in (*cells, app.started, app.url))


def _workers(app: "AppStatus") -> tuple[str, str, str]:
    if not app.workers:
        return ("", "", "")
    memory = size(sum(worker.rss_bytes for worker in app.workers))
    if app.requests_total is None:
        return (str(len(app.workers)), "", memory)
    busy = sum(worker.state == "busy" for worker in app.workers)
    return (f"{len(app.workers)} ({busy} busy)", str(app.requests_total), memory)
