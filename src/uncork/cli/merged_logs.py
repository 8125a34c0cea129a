"""The logs of a target's machines, merged by time, each line beside the machine that wrote it."""

import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from uncork.cli.asked import Asked
from uncork.cli.failure import INTERRUPTED, Answer, explain, tell
from uncork.cli.forward import addressed
from uncork.cli.log_lines import plain, shown
from uncork.cli.output import emit
from uncork.cli.places import Place
from uncork.errors import ExitCode

if TYPE_CHECKING:
    from uncork.remote.log_streams import Line, Streams
    from uncork.workflows.log_record import Record


def merged(asked: Asked, there: Place, words: Sequence[str], *, follow: bool, count: int | None) -> int:
    """Print the logs of machines, the last `count` records (None: all), or what comes until Ctrl-C."""
    from uncork.remote.log_streams import Streams

    # What a machine goes on saying ends when nobody listens to it any more, even if it has nothing to say.
    leash = ("--until-input-ends",) if follow else ()
    whole = addressed(replace(asked, json=True), (*words, *leash), there.app)
    streams = Streams(there.hosts, whole, asked.accept_new)
    show = _shower(asked, there.hosts)
    try:
        for line in streams.follow() if follow else _last(streams.read(), count):
            show(line)
    except KeyboardInterrupt:
        if not follow:
            raise
        return INTERRUPTED
    return _told(streams)


def _last(lines: "Iterator[Line]", count: int | None) -> "Iterator[Line]":
    return lines if count is None else iter(deque(lines, maxlen=count))


def _told(streams: "Streams") -> int:
    """Tell why some machines could not be read, after what could."""
    for problem in streams.problems:
        tell(explain(problem, Answer()), Answer())
    return int(streams.problems[0].code if streams.problems else ExitCode.OK)


def _shower(asked: Asked, hosts: Sequence[str]) -> "Callable[[Line], None]":
    names = called(hosts)
    width = max(map(len, names.values()))
    several = len(hosts) > 1

    def show(line: "Line") -> None:
        whose = names[line.host]
        if asked.json:
            emit({"host": whose, **{key: value for key, value in line.told.items() if key != "schema"}})
        elif sys.stdout.isatty():
            record = _record(line.told)
            column = f"{whose.ljust(width)} {record.source:6}" if several else f"{record.source:6}"
            click.echo(shown(record, column))
        else:
            click.echo(plain(str(line.told.get("text", "")), whose if several else ""))

    return show


def called(hosts: Sequence[str]) -> Mapping[str, str]:
    """Return what machines are called in a column: without the user, unless two would be called the same."""
    from uncork.remote.destination import name

    short = [name(host) for host in hosts]
    return {host: host if short.count(brief) > 1 else brief for host, brief in zip(hosts, short, strict=True)}


def _record(told: Mapping[str, object]) -> "Record":
    """Return the record that a machine told of in JSON."""
    from uncork.workflows.log_record import Record, time_of

    fields = told.get("fields")
    return Record(
        app=str(told.get("app") or ""),
        source=str(told.get("source") or ""),
        time=time_of(str(told.get("time") or "")),
        text=str(told.get("text") or ""),
        level=str(told.get("level") or ""),
        message=str(told.get("message") or ""),
        request=str(told.get("request") or ""),
        fields=fields if isinstance(fields, dict) else {},
    )
