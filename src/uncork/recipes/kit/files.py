"""All files of a rendered release, for each of the ways in which it may be run."""

import shlex
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Final

from uncork import apache
from uncork.config import Config
from uncork.errors import UsageError
from uncork.fronts import nginx
from uncork.fronts.backends import backends
from uncork.fronts.locations import locations
from uncork.fronts.names import hosts
from uncork.model import AppTarget
from uncork.plan import File
from uncork.recipes.kit import escapes
from uncork.recipes.kit.kit import APACHE, MACHINE, SYSTEMD, WINDOWS, Kit
from uncork.rendering import Escape, as_it_is, render, source
from uncork.servers.uwsgi_formats import FORMATS, converted
from uncork.serving import HTTP

INI: Final = "uwsgi.ini"


@dataclass(frozen=True)
class Start:
    """What is imported, and how the app is told its environment: names and values of variables."""

    target: AppTarget
    config: Config
    variables: tuple[tuple[str, str], ...]


def files(kit: Kit, start: Start, lock: str) -> tuple[File, ...]:
    """Return all files, at their places; `lock` is the text of requirements.txt.

    Raises UsageError where a value can't be said in one of the formats.
    """
    if kit.format not in FORMATS or (kit.format != "ini" and kit.server.name != "uwsgi"):
        raise UsageError(f"{kit.server.name} has no config in {kit.format}", "leave out --format: it is uWSGI's alone")
    made = {
        "run.py": _run_py(kit, start),
        "requirements.txt": lock,
        **_server(kit),
        **_front(kit),
        **_around(kit),
        "README.md": _readme(kit),
    }
    return tuple(File(kit.at / name, text) for name, text in made.items())


def _filled(template: str, escape: Escape, **values: object) -> str:
    return render(__package__, template, escape, **values)


def _run_py(kit: Kit, start: Start) -> str:
    logging = start.config.logging
    return _filled(
        "run.py.j2",
        as_it_is,
        kit=kit,
        start=start,
        search=start.target.folders,
        is_path=start.target.is_path,
        debug=kit.environment == "development",
        logging=logging,
        mount=kit.site.mount.rstrip("/"),
        behind=kit.target != WINDOWS and not kit.is_apache and kit.server.is_told(kit.build.settings),
    )


def _server(kit: Kit) -> dict[str, str]:
    if kit.is_apache:
        return {}
    found = {str(file.path.relative_to(kit.at)): file.content for file in kit.server.files(kit.build)}
    if INI in found:
        found[f"uwsgi.{kit.format}"] = converted(found.pop(INI), kit.format)
    return found


def _readme(kit: Kit) -> str:
    command = shlex.join(kit.command)
    if kit.target == MACHINE and not kit.server.daemonizes:
        command = f"setsid {command} >>logs/server.log 2>&1 </dev/null &"
    port = "" if kit.address.port == HTTP else f":{kit.address.port}"
    return _filled(
        "readme.md.j2",
        as_it_is,
        kit=kit,
        config=next(iter(_server(kit)), ""),
        command=command,
        url=f"http://{kit.address.here}{port}{kit.site.mount.rstrip('/')}/",
    )


def _front(kit: Kit) -> dict[str, str]:
    if kit.target == WINDOWS:
        return {"httpd.conf": _filled("httpd.conf.j2", apache.escape, kit=kit, site=_Site.of(kit))}
    if kit.target == APACHE:
        return {"apache.conf": _filled("apache.conf.j2", apache.escape, kit=kit, site=_Site.of(kit))}
    if kit.faces_the_world:
        return {}
    text = _filled("nginx.site.conf.j2", nginx.escape, kit=kit, site=_Site.of(kit))
    if kit.target == SYSTEMD:
        return {"nginx.site.conf": text}
    main = _filled("nginx.conf.j2", nginx.escape, kit=kit)
    return {"nginx.site.conf": text, "nginx.conf": main, "mime.types": source("uncork.fronts", "mime.types")}


@dataclass(frozen=True)
class _Site:
    """What the templates of fronts need beside the kit: `base` is the mount with no slash behind."""

    base: str
    name: str
    names: tuple[str, ...]
    locations: tuple[object, ...]
    backends: tuple[object, ...]
    certificate: str
    key: str
    timeout: int

    @classmethod
    def of(cls, kit: Kit) -> "_Site":
        """The site of a kit."""
        given = kit.site.tls.kind == "files"
        names = tuple(hosts(kit.site))
        return cls(
            base=kit.site.mount.rstrip("/"),
            name=next((name for name in names[1:] if not name.startswith("*")), names[0]),
            names=names,
            locations=locations(kit.site),
            backends=backends(kit.site, kit.upstream),
            certificate=kit.site.tls.cert if given else str(kit.at / "tls" / "certificate.pem"),
            key=kit.site.tls.key if given else str(kit.at / "tls" / "key.pem"),
            timeout=ceil(kit.site.request_timeout + 5),
        )


def _around(kit: Kit) -> dict[str, str]:
    """What keeps the server running, and its logs small."""
    if kit.target == WINDOWS:
        return {}
    made = {"logrotate.conf": _filled("logrotate.conf.j2", escapes.logrotate, kit=kit, again=_again(kit))}
    if kit.units:
        made[f"{kit.app}.service"] = _unit(kit)
    if kit.passed_on:
        made[f"{kit.app}.socket"] = _filled("app.socket.j2", escapes.unit, kit=kit)
    return made


def _unit(kit: Kit) -> str:
    writable = (str(kit.logs), str(kit.at / "instance"))
    return _filled(
        "app.service.j2",
        escapes.unit,
        kit=kit,
        argv=" ".join(escapes.word(word) for word in kit.service.argv),
        env=tuple(escapes.word(f"{name}={value}") for name, value in kit.service.env),
        writable=" ".join(escapes.word(path) for path in writable),
    )


def _again(kit: Kit) -> tuple[str, ...]:
    """The commands after which logs that were renamed are written to no more."""
    if kit.is_apache:
        return ("systemctl reload apache2.service",)
    signal = kit.service.reopen_signal
    server = f"kill -{signal} $(cat {shlex.quote(str(kit.pid))}) 2>/dev/null || true"
    if kit.target == MACHINE:
        front = f"kill -USR1 $(cat {shlex.quote(str(kit.run / 'nginx.pid'))}) 2>/dev/null || true"
    else:
        front = f"systemctl reload {'apache2' if kit.target == APACHE else 'nginx'}.service"
    return (*((server,) if signal else ()), *(() if kit.faces_the_world else (front,)))


def placed(kit: Kit, before: Path) -> Kit:
    """Return the kit with what was named in another folder (`before`) named where it will lie."""
    static = tuple(replace(one, directory=_moved(one.directory, before, kit.at)) for one in kit.site.static)
    rules = tuple(replace(one, basic_auth=_moved(one.basic_auth, before, kit.at)) for one in kit.site.paths)
    return replace(kit, site=replace(kit.site, static=static, paths=rules))


def _moved(path: str, before: Path, to: Path) -> str:
    inside = path and Path(path).is_relative_to(before)
    return str(to / Path(path).relative_to(before)) if inside else path
