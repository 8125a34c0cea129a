"""The servers that run an app, one file each, and one line each in the registry."""

from collections.abc import Mapping
from typing import Final

from uncork.servers.server import Server
from uncork.servers.uwsgi import Uwsgi

SERVERS: Final[Mapping[str, Server]] = {server.name: server for server in (Uwsgi(),)}
