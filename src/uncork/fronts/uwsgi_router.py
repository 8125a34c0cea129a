"""No front: uWSGI's own HTTP router takes what the world sends, and passes it to the one app that there is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import ClassVar, Final

from uncork.errors import UsageError
from uncork.fronts.front import Front
from uncork.layout import Layout
from uncork.model import Account
from uncork.plan import Directory, File, Remove, Run, Step
from uncork.rendering import render
from uncork.serving import Address, Protocol, Service, Site

COMPLETE: Final = "uncork-complete"
INSTALL_TIME: Final = 300.0
PATIENCE: Final = 5.0
# The path goes through uWSGI's magic twice, as a value and as a pattern; nothing else is sure to come out as it was.
PLAIN: Final = re.compile(r"[A-Za-z0-9_./+,=-]+")


@dataclass(frozen=True)
class Making:
    """What the environment of the router is made with: uv, an interpreter, and a lock with hashes."""

    uv: str
    python: str
    lock: str


@dataclass(frozen=True)
class UwsgiRouter(Front):
    """uWSGI's HTTP router, from an environment of its own at `venv`, which is made first if `making` says with what."""

    venv: Path
    making: Making | None = None
    name: ClassVar[str] = "none"
    reloads: ClassVar[bool] = False
    caveat: ClassVar[str] = (
        'nothing stands before uWSGI (`front = "none"`), which is second best to nginx: its router lets malformed '
        "requests through, a slow visitor holds a process of the app's, static files cost the app's time, and there "
        "is neither HTTPS nor an access log, and so no traffic in reports"
    )

    def folders(self, layout: Layout) -> tuple[Step, ...]:
        """Where it keeps what it writes; and the environment that it is in."""
        made = _made(self.venv, self.making) if self.making else ()
        return (Directory(layout.front_run, 0o700, serving=True), *made)

    def files(
        self,
        layout: Layout,
        address: Address,  # noqa: ARG002 -- its supervisor holds the socket
        sites: tuple[Site, ...],
        account: Account | None,  # noqa: ARG002 -- it runs as who started it
    ) -> tuple[File, ...]:
        """Its one config. Raises UsageError for a second app, and for what a router can't do."""
        _check(sites)
        text = render(
            __package__,
            "uwsgi_router.conf.j2",
            escape,
            socket=layout.app(sites[0].app).entrance(Protocol.UWSGI) if sites else layout.front_run / "nobody.sock",
            timeout=ceil(sites[0].request_timeout + PATIENCE) if sites else 1,
        )
        return (File(_config(layout), text),)

    def service(self, layout: Layout, address: Address) -> Service:  # noqa: ARG002 -- its supervisor holds the socket
        """Adopt the socket on file descriptor 3, which without LISTEN_FDS it does not take for a server's own."""
        return Service(
            argv=(*self._argv(layout), "--master", "--http", "fd://3"),
            directory=str(layout.front),
            speaks=Protocol.HTTP,
            env=(("LISTEN_FDS", "0"),),
            stop_signal="TERM",
            stop_seconds=5.0,
        )

    def check(self, layout: Layout) -> Run:
        """It reads all of its config, and ends before it would serve."""
        argv = (*self._argv(layout), "--no-server")
        return Run(argv, "check the router's config", directory=layout.front, serving=True)

    def _argv(self, layout: Layout) -> tuple[str, ...]:
        return (str(self.venv / "bin" / "uwsgi"), "--ini", str(_config(layout)))


def escape(value: str) -> str:
    """Return a value as the router's config says it. Raises UsageError for what would not mean the same there."""
    if not PLAIN.fullmatch(value):
        raise UsageError(
            f"the config of uWSGI's router can't carry {value[:200]!r}",
            "choose a state directory whose path has letters, digits and `_./+,=-` alone",
        )
    return value


def _config(layout: Layout) -> Path:
    return layout.front / "router.conf"


def _check(sites: tuple[Site, ...]) -> None:
    if len(sites) > 1:
        raise UsageError(
            f'with `front = "none"` a state directory has one app, but there are {", ".join(s.app for s in sites)}',
            'put nginx in front (`front = "nginx"`), or give each app a state directory of its own with --home',
        )
    for site in sites:
        wanted = ", ".join(_beyond(site))
        if wanted:
            raise UsageError(
                f'{site.app} has no front (`front = "none"`), and uWSGI\'s router knows nothing of {wanted}',
                'put nginx in front (`front = "nginx"`), or take that out of the config',
            )


def _beyond(site: Site) -> Iterator[str]:
    """What only a front could do."""
    if site.tls.asked:
        yield "HTTPS (`tls`)"
    if site.cache.on:
        yield "caching (`cache`)"
    if site.upstreams:
        yield "other backends (`front.upstreams`)"
    if site.paths:
        yield "rules for paths (`front.paths`)"
    if site.trusted_proxies:
        yield "other proxies (`front.trusted_proxies`)"
    if site.maintenance:
        yield "a maintenance mode"
    if site.server_snippet or site.template:
        yield "a front's own templates"


def _made(venv: Path, making: Making) -> tuple[Step, ...]:
    """The file that says it is complete comes last."""
    lock = venv.with_name(f"{venv.name}.txt")
    make = (making.uv, "venv", "--quiet", "--no-project", "--python", making.python, str(venv))
    where = ("--quiet", "--compile-bytecode", "--python", str(venv / "bin" / "python"))
    install = (making.uv, "pip", "install", *where, "--require-hashes", "-r", str(lock))
    return (
        Remove(venv),
        File(lock, making.lock),
        Run(make, "make the router's environment"),
        Run(install, "install uWSGI's router", INSTALL_TIME),
        File(venv / COMPLETE, ""),
    )
