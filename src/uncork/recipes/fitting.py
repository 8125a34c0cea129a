"""What a project depends on that can't go together with the way its server is to answer."""

from collections.abc import Collection
from typing import Final

from uncork.errors import UsageError
from uncork.serving import ServerSettings

# These wait for their database (or service) in C, where gevent can't step in: all requests of the process stand still
# meanwhile. By each what to take in its place; psycogreen is how psycopg2 learns it.
BLOCKING: Final = {
    "cx-oracle": "oracledb",
    "grpcio": "",
    "ibm-db": "",
    "mysqlclient": "pymysql",
    "psycopg2": "psycopg, or psycogreen beside it",
    "psycopg2-binary": "psycopg, or psycogreen beside it",
    "pymssql": "",
    "pyodbc": "",
}
CURED: Final = {"psycopg2": "psycogreen", "psycopg2-binary": "psycogreen"}


def refuse_unfit(settings: ServerSettings, distributions: Collection[str], written: str) -> None:
    """Raise UsageError where greenlets would wait for one another.

    `distributions` are the names in the lock, `written` says where the config has its own keys.
    """
    if not settings.gevent:
        return
    for name in sorted(BLOCKING.keys() & set(distributions)):
        if CURED.get(name) in distributions:
            continue
        instead = f"take {BLOCKING[name]} in its place; or " if BLOCKING[name] else ""
        raise UsageError(
            f"`gevent = {settings.gevent}` can't go together with {name}: it waits in C, where gevent can't step in, "
            "and all other requests of the process wait with it",
            f"{instead}take `gevent` out, and write `threads = 8` {written}",
        )
