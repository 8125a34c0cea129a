"""What `[server]` holds: which server runs the app, what it speaks, and how it grows and shrinks."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from uncork.config.keys import Key
from uncork.config.tables import Conflict
from uncork.config.text import Table
from uncork.config.values import choice, duration, number
from uncork.serving import ServerSettings

SERVERS: Final = ("uwsgi", "gunicorn", "granian", "waitress", "mod_wsgi")
GREENLETS: Final = ("uwsgi", "gunicorn")
OWN_OF_UWSGI: Final = ("protocol", "cheaper", "idle")
_WEEK: Final = 7 * 86_400.0


def settings(values: Table) -> ServerSettings:
    """Return what holds where the config says these (checked) values."""
    return replace(ServerSettings(), **values)  # type: ignore[arg-type]


def conflicts(values: Table) -> Iterator[Conflict]:
    """Yield what can't stand together."""
    kind = str(values.get("kind", "uwsgi"))
    for key in OWN_OF_UWSGI:
        if key in values and kind != "uwsgi":
            yield Conflict((key, "kind"), f"`{key}` is uWSGI's alone; {kind} has no such thing", f"take `{key}` out")
    if "gevent" in values and kind not in GREENLETS:
        fix = 'take `gevent` out, or write `kind = "gunicorn"`'
        yield Conflict(("gevent", "kind"), f"`gevent` is for uWSGI and Gunicorn; {kind} does not know it", fix)
    if "cheaper" in values and "idle" in values:
        problem = "`idle` ends all processes, and `cheaper` keeps some"
        yield Conflict(("cheaper", "idle"), problem, "keep the one of them that is meant")


KEYS: Final = (
    Key(
        "kind",
        'The server that runs the app; `server = "gunicorn"` is short for it.',
        choice(*SERVERS),
        '"gunicorn"',
        '"uwsgi"',
    ),
    Key(
        "protocol",
        "What uWSGI speaks: its own protocol to the front, HTTP to the front (`http-socket`), or HTTP to the world by "
        'its own router (`http`, which goes with `front = "none"`).',
        choice("uwsgi", "http-socket", "http"),
        '"http-socket"',
        '"uwsgi"',
    ),
    Key(
        "gevent",
        "How many requests each process answers at once, by greenlets: the app is monkey-patched before it is "
        "imported. For uWSGI and Gunicorn.",
        number(1, 10_000),
        "100",
    ),
    Key(
        "cheaper",
        "How few processes uWSGI may keep when there is little to do; `processes` is how many there may be.",
        number(1, 1024),
        "1",
    ),
    Key(
        "idle",
        "After how long without a request uWSGI ends all processes of the app; the next request starts them again.",
        duration(1.0, _WEEK, '"10m"'),
        '"10m"',
    ),
)
