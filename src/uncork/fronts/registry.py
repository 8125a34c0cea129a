"""The registry of fronts: one name each in the list of their classes, which nothing imports that needs but one."""

from typing import Final

from uncork.fronts.apache import Apache
from uncork.fronts.front import Front
from uncork.fronts.nginx import Nginx
from uncork.fronts.system_nginx import SystemNginx
from uncork.fronts.uwsgi_router import UwsgiRouter

FRONTS: Final[tuple[type[Front], ...]] = (Nginx, SystemNginx, Apache, UwsgiRouter)
