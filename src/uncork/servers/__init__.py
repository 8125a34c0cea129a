"""The servers that run an app, one file each, and one line each in the registry."""

from collections.abc import Mapping
from typing import Final

from uncork.servers.granian import Granian
from uncork.servers.gunicorn import Gunicorn
from uncork.servers.mod_wsgi import ModWsgi
from uncork.servers.server import Server
from uncork.servers.uwsgi import Uwsgi
from uncork.servers.waitress import Waitress

SERVERS: Final[Mapping[str, Server]] = {
    server.name: server
    for server in (
        Uwsgi(),
        Gunicorn(),
        Granian(),
        Waitress(),
        ModWsgi(),
    )
}
