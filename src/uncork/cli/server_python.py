"""`uncork server python`: another Python for releases, on machines that have none which will do."""

import click

from uncork.cli.options import Asked, Goes, asks
from uncork.cli.output import emit
from uncork.cli.progress import progress


@click.command("python")
@click.argument("version")
@click.argument("hosts", metavar="HOST...", nargs=-1, required=True)
@asks(app=False, goes=Goes.BY_ITSELF)
def command(asked: Asked, version: str, hosts: tuple[str, ...]) -> None:
    """Have Python VERSION, as in 3.13, on each HOST, for projects that the machine's own is too old for.

    uv gets it here, as it would for this computer, and it is sent: the machine needs to reach nothing. It is used by
    the releases whose projects ask for it; the machine's own Python stays what it is.
    """
    from uncork.remote.pythons import give
    from uncork.remote.ssh import connect

    told = []
    for host in hosts:
        connection = connect(host, accept_new=asked.accept_new)
        with progress(asked) as report:
            folder = give(connection, version, report)
        told.append({"host": host, "python": str(folder)})
        if not asked.json:
            click.echo(f"{host} has {folder.name}")
    if asked.json:
        emit({"hosts": told})
