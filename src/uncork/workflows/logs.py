"""What apps, their servers, the agent and the front have written: what is there, and what comes, by time."""

import heapq
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from itertools import islice
from typing import Final

from uncork.layout import Layout
from uncork.workflows.log_file import Ends, Log, Timed, backward, forward
from uncork.workflows.log_following import Following
from uncork.workflows.log_query import SHARED, Query
from uncork.workflows.log_record import Record

POLL: Final = 0.2
_LONG_AGO: Final = datetime.min.replace(tzinfo=timezone.utc)


def read(logs: Sequence[Log], query: Query) -> Iterator[Record]:
    """Yield the wanted records that are there, in the order of their times. Raises UserError for an unreadable log."""
    return _there(logs, query, {})


def follow(logs: Sequence[Log], query: Query) -> Iterator[Record]:
    """Yield the wanted records that are there, then those that come, until the caller stops."""
    following = [Following(log) for log in logs]
    try:
        yield from _there(logs, query, {file: end for one in following for file, end in one.end().items()})
        while True:
            came = [record for one in following for record in one.records() if query.wants(record)]
            yield from sorted(came, key=lambda record: record.time or _LONG_AGO)
            time.sleep(POLL)
    finally:
        for one in following:
            one.close()


def sources(layout: Layout, apps: Sequence[str], query: Query, *, shared: bool) -> tuple[Log, ...]:
    """Return the logs that are asked for; `shared`: also those that are of all apps."""
    found: list[Log] = []
    for name in apps:
        app = layout.app(name)
        own = {"app": app.app_log, "server": app.server_log, "access": app.access_log}
        found += (Log(name, source, own[source]) for source in query.only if source in own)
        if "access" in query.only:
            found.append(Log(name, "access", app.outside_access_log))
    if shared:
        all_apps = {"agent": layout.agent_log, "front": layout.front_log}
        found += (Log("", source, all_apps[source]) for source in query.only if source in SHARED)
    return tuple(found)


def _there(logs: Sequence[Log], query: Query, ends: Ends) -> Iterator[Record]:
    """The last few are looked for from the end; all since a time are read from there, and none is kept."""
    if query.count is None:
        return (record for _, record in heapq.merge(*(forward(log, query, ends) for log in logs), key=_when))
    found = heapq.merge(*(backward(log, query, ends) for log in logs), key=_when, reverse=True)
    return reversed([record for _, record in islice(found, min(query.count, sys.maxsize))])


def _when(timed: Timed) -> datetime:
    return timed[0]
