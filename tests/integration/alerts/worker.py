"""A worker of an app: it logs errors through what really runs in a release, into the spool. Run as a script.

python -m tests.integration.alerts.worker ALERTS COUNT KINDS
"""

import sys
from pathlib import Path

from uncork_runtime.settings import Settings
from uncork_runtime.spool import SpoolHandler


def main(alerts: str, count: str, kinds: str) -> None:
    folder = Path(alerts)
    settings = Settings("shop", "production", 12, spool=str(folder / "spool"), dropped=str(folder / "dropped"))
    handler = SpoolHandler(settings, str(Path(__file__).parent))
    for number in range(int(count)):
        handler.handle(record(number % int(kinds)))


def fail(kind: int) -> None:
    raise type(f"Error{kind}", (Exception,), {})("no goods")


def record(kind: int):  # type: ignore[no-untyped-def] # noqa: ANN201
    import logging

    try:
        fail(kind)
    except Exception:  # noqa: BLE001
        return logging.LogRecord("shop", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())


if __name__ == "__main__":
    main(*sys.argv[1:])
