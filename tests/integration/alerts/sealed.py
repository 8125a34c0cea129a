"""Collects and delivers as a process that can get to no code and no template any more. Run as a script.

python -m tests.integration.alerts.sealed HOME PORT
"""

import importlib
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

from uncork.alerts import collection, delivery
from uncork.layout import Layout
from uncork.model import Release
from uncork.notices import Mail
from uncork.serving import Protocol, Service, Site

NOON = 1_700_000_000.0


class Sealed:
    """Finds nothing, and says so."""

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        raise PermissionError(f"{name} was not imported in time")


def main(home: str, port: str) -> None:
    layout = Layout(Path(home), Path(home, "run")).app("shop")
    mail = Mail(server="localhost", port=int(port), use_tls=True, admins=("admin@example.com",))
    service = Service((), "/", Protocol.UWSGI)
    release = Release(
        12, "shop", "production", "", "", "", "", "uwsgi", "", service, Site("shop", Protocol.UWSGI), mail=mail
    )
    delivery.preload()
    sys.path.clear()
    sys.path_importer_cache.clear()
    importlib.invalidate_caches()
    sys.meta_path[:] = [Sealed()]
    for now in (NOON, NOON + 700.0):
        layout.spool.write_text((layout.home / "again").read_text())
        trouble = collection.collect(layout, release, now) or delivery.deliver(layout, release, now)
        if trouble:
            raise SystemExit(trouble.problem)


if __name__ == "__main__":
    main(*sys.argv[1:])
