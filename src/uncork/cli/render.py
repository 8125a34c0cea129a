"""`uncork render`: a release as files that need no uncork."""

import re
from pathlib import Path
from typing import Final

import click

from uncork.cli.options import Asked, Goes, asks
from uncork.cli.output import emit, fields
from uncork.cli.progress import progress
from uncork.cli.projects import options_of, project, up_options

TARGETS: Final = ("machine", "systemd", "apache", "windows")
FORMATS: Final = ("ini", "xml", "yaml", "json")
SOCKET: Final = re.compile(r"[A-Za-z0-9.-]{1,253}:[0-9]{1,5}")


def _socket(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and (not SOCKET.fullmatch(value) or not 0 < int(value.rpartition(":")[2]) < 65536):  # noqa: PLR2004 -- the ports there are
        raise click.BadParameter("write an address and a port, for example 127.0.0.1:8001")
    return value


@click.command("render")
@up_options
@click.option(
    "--to", required=True, metavar="DIR", type=click.Path(), help="The folder to write to: a new one, or an older one."
)
@click.option(
    "--for",
    "for_",
    type=click.Choice(TARGETS),
    help="Started by hand with a pid file, by systemd behind the system's nginx, by or behind Apache, or on Windows."
    "  [default: machine; apache, where the config asks for it]",
)
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), default="ini", show_default=True, help="The format for uWSGI."
)
@click.option("--at", metavar="DIR", help="Where the folder will lie, if it is made for another place.")
@click.option(
    "--socket",
    metavar="HOST:PORT",
    callback=_socket,
    help="A port between front and server, instead of a unix socket.",
)
@asks(app=False, goes=Goes.HERE)
def command(  # noqa: PLR0913, PLR0917 -- click hands over each option by itself
    asked: Asked,
    path: str,
    environment: str | None,
    port: int | None,
    bind: str | None,
    to: str,
    for_: str | None,
    format_: str,
    at: str | None,
    socket: str | None,
) -> None:
    """Write the project at PATH as files that run it without uncork: yours to read, to keep and to take away.

    The same project, config and machine give the same files. A README among them has the commands.
    """
    from uncork.workflows.render import RenderOptions, render

    options = RenderOptions(
        Path(to).absolute(), for_ or "", format_, at or "", socket or "", options_of(environment, port, bind)
    )
    with progress(asked) as report:
        rendered = render(asked.layout, project(path), options, report)
    if asked.json:
        emit(fields(rendered))
        return
    for note in rendered.notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"wrote {len(rendered.files)} files and the source to {rendered.to}; README.md tells how to start it")
