"""Rendered releases for tests: one app, every server, every target."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from uncork.config import Config
from uncork.model import AppTarget
from uncork.recipes.kit.files import Start, files
from uncork.recipes.kit.kit import APACHE, MACHINE, SYSTEMD, WINDOWS, Kit
from uncork.servers import SERVERS
from uncork.servers.server import Build
from uncork.serving import Address, PathRule, ServerSettings, Site, Static, Tls, Upstream

LOCK: Final = "flask==3.1.3 \\\n    --hash=sha256:f4bcbefc124291925f1a26446da31a5178f9483862233b23c0c96a20701f670c\n"
START: Final = Start(AppTarget("shop", "create_app('production')"), Config("shop"), (("UNCORK_ENV", "production"),))
CASES: Final = {
    "uwsgi-machine-ini": ("uwsgi", MACHINE, "ini"),
    "uwsgi-machine-xml": ("uwsgi", MACHINE, "xml"),
    "uwsgi-machine-yaml": ("uwsgi", MACHINE, "yaml"),
    "uwsgi-machine-json": ("uwsgi", MACHINE, "json"),
    "uwsgi-systemd": ("uwsgi", SYSTEMD, "ini"),
    "uwsgi-systemd-xml": ("uwsgi", SYSTEMD, "xml"),
    "uwsgi-apache": ("uwsgi", APACHE, "ini"),
    "gunicorn-machine": ("gunicorn", MACHINE, "ini"),
    "gunicorn-systemd": ("gunicorn", SYSTEMD, "ini"),
    "gunicorn-apache": ("gunicorn", APACHE, "ini"),
    "granian-machine": ("granian", MACHINE, "ini"),
    "granian-systemd": ("granian", SYSTEMD, "ini"),
    "granian-apache": ("granian", APACHE, "ini"),
    "waitress-machine": ("waitress", MACHINE, "ini"),
    "waitress-systemd": ("waitress", SYSTEMD, "ini"),
    "waitress-apache": ("waitress", APACHE, "ini"),
    "waitress-windows": ("waitress", WINDOWS, "ini"),
    "mod_wsgi-apache": ("mod_wsgi", APACHE, "ini"),
}


def kit(server: str, target: str, form: str = "ini", at: Path = Path("/srv/shop"), **changes: object) -> Kit:
    """A release of an app with a static folder; `changes` are of the kit."""
    place = Path("C:/apps/shop") if target == WINDOWS and at == Path("/srv/shop") else at
    settings = ServerSettings(server)
    chosen = SERVERS[server]
    build = Build(
        app="shop",
        release=1,
        directory=place,
        venv=place / "venv",
        log=place / "logs" / "server.log",
        processes=4 if chosen.forks else 1,
        threads=chosen.threads,
        worker_memory=512 * 1024**2,
        request_timeout=30.0,
        drain=30.0,
        backlog=128,
        frameworks=("flask",),
        settings=settings,
    )
    static = (Static("/static/", str(place / "source/shop/static")),)
    site = Site("shop", chosen.speaks(settings), ("shop.example.com",), static=static, max_body=1_000_000)
    alone = target in {MACHINE, WINDOWS}
    address = Address("127.0.0.1", 8000) if alone else Address("0.0.0.0", 80)
    made = Kit(place, target, form, "", build, chosen, site, address, "production", "3.11.2")
    return settled(replace(made, **changes))  # type: ignore[arg-type]


def settled(made: Kit) -> Kit:
    """The kit whose server knows where it runs."""
    return replace(made, build=replace(made.build, alone=made.alone))


def everything(server: str, target: str, at: Path = Path("/srv/shop")) -> Kit:
    """The same with all that a site may have."""
    plain = kit(server, target, at=at)
    site = replace(
        plain.site,
        domains=("shop.example.com", "*.example.org"),
        mount="/shop",
        balance="least-connections",
        upstreams=(Upstream("local", 2), Upstream("10.0.0.2:8001"), Upstream("10.0.0.3:8001", backup=True)),
        paths=(
            PathRule("/reports", timeout=600.0, max_body=10_000_000),
            PathRule("/admin", allow=("10.0.0.0/8", "::1/128"), basic_auth=str(at / "source/admins")),
        ),
        tls=Tls("files", str(at / "shop.pem"), str(at / "shop.key"), hsts=180 * 86_400.0),
    )
    return replace(plain, site=site, address=replace(plain.address, tls_port=443))


def texts(made: Kit) -> dict[str, str]:
    """All its files by their names, without the types that nginx needs."""
    found = {str(file.path.relative_to(made.at)): file.content for file in files(made, START, LOCK)}
    return {name: text for name, text in found.items() if name != "mime.types"}
