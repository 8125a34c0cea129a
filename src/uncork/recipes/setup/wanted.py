"""What is to be on a machine that serves, and the changes that bring it there: none where all is so already."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from uncork.layout import MACHINE
from uncork.plan import Directory, File, Link, Remove, Run
from uncork.recipes.setup.change import Bundle, Change, Packages
from uncork.recipes.setup.record import NOTHING, PLACE, Undo
from uncork.recipes.setup.seen import NGINX, Seen
from uncork.rendering import source

ROOT: Final = Path("/opt/uncork")
"""Where a machine has its bundles, each in a folder by its digest; `current` is a link to one."""
CURRENT: Final = ROOT / "current"
COMMAND: Final = Path("/usr/local/bin/uncork")
SETTINGS: Final = Path(PLACE).parent
BEFORE: Final = SETTINGS / "before"
"""What useradd and userdel write beside what they change, as it was; and what tells whether the rest is as it was."""
STATE: Final = MACHINE.home
LOGS: Final = MACHINE.logs
UNITS: Final = Path("/etc/systemd/system")
AGENT: Final = "uncork-agent.service"
AGENT_PATHS: Final = (UNITS / AGENT, UNITS / "multi-user.target.wants" / AGENT)
NGINX_AGAIN: Final = UNITS / "nginx.service.d" / "00-uncork.conf"
NGINX_PATHS: Final = tuple(Path("/var/lib/nginx", name) for name in ("body", "fastcgi", "proxy", "scgi", "uwsgi"))
"""What nginx makes when it is first started."""
PAGE: Final = Path("/var/www/html/index.nginx-debian.html")
WEB: Final = (Path("/var/www"), Path("/var/www/html"))
"""What the package of nginx leaves behind when it is purged."""
FOLDERS: Final = (
    (SETTINGS, "the record of what is changed here"),
    (ROOT, "uncork itself"),
    (STATE, "apps, their releases and their data"),
    (LOGS, "logs"),
)
KEEP_BEFORE: Final = """set -e; umask 077; mkdir -p "$1"; cd /etc
for name in passwd group shadow gshadow; do [ ! -e $name- ] || cp -a $name- "$1/"; done
sha256sum passwd group shadow gshadow > "$1/sums"
"""
START: Final = """systemctl daemon-reload && systemctl --quiet enable "$1" && systemctl restart "$1"
"""


@dataclass(frozen=True)
class Config:
    """A file of ours in the machine's own folders; `then` is what has it noticed.

    `folder` is the one that is made for it, if it is not there.
    """

    path: Path
    template: str
    what: str
    then: Run
    folder: tuple[Path, ...] = ()

    @property
    def content(self) -> str:
        """Its text, the same on each machine."""
        return source(__package__, self.template)


CONFIGS: Final = (
    Config(
        Path("/etc/tmpfiles.d/uncork.conf"),
        "tmpfiles.conf",
        "have /run/uncork made at each boot, for sockets",
        Run(("systemd-tmpfiles", "--create", "/etc/tmpfiles.d/uncork.conf"), "make /run/uncork"),
    ),
    Config(
        UNITS / "uncork.slice",
        "uncork.slice",
        "add the unit uncork.slice, which all apps run in",
        Run(("systemctl", "daemon-reload"), "tell systemd of it"),
    ),
    Config(
        NGINX_AGAIN,
        "nginx-restart.conf",
        f"have nginx started again if its process dies, by {NGINX_AGAIN}",
        Run(("systemctl", "daemon-reload"), "tell systemd of it"),
        (NGINX_AGAIN.parent,),
    ),
    Config(
        UNITS / "uncork-renew.service",
        "uncork-renew.service",
        "add the unit uncork-renew.service, which gets and renews certificates where an app asks for that",
        Run(("systemctl", "daemon-reload"), "tell systemd of it"),
    ),
    Config(
        UNITS / "uncork-renew.timer",
        "uncork-renew.timer",
        "add the unit uncork-renew.timer, which starts that each hour",
        Run(("sh", "-c", START, "sh", "uncork-renew.timer"), "start the timer"),
    ),
)


def paths() -> tuple[str, ...]:
    """Return the paths that are looked at before the changes are known."""
    folders = tuple(path for path, _ in FOLDERS)
    configs = tuple(path for config in CONFIGS for path in (config.path, *config.folder))
    return tuple(map(str, (*folders, CURRENT, COMMAND, *configs, *AGENT_PATHS, *NGINX_PATHS, PAGE, *WEB)))


def changes(seen: Seen, digest: str, version: str) -> tuple[Change, ...]:
    """Return what is to be changed; `digest` names the uncork that is to be there, of that version."""
    return (
        *_folders(seen),
        *_packages(seen),
        *_nginx(seen),
        *_account(seen),
        *_bundle(seen, digest, version),
        *_command(seen),
        *_configs(seen),
        *_agent(seen, digest),
    )


def _folders(seen: Seen) -> Iterator[Change]:
    """Only that they are there: who may do what in them is for those who put something there."""
    for path, what in FOLDERS:
        if str(path) not in seen.paths:
            made = () if path == LOGS else (str(path),)
            yield Change("folders", f"make {path}, for {what}", (Directory(path),), Undo(paths=made))


def _packages(seen: Seen) -> Iterator[Change]:
    lacking = tuple(name for name in (NGINX, "logrotate") if name not in seen.programs)
    if lacking:
        words = " and ".join(lacking)
        made = Undo(paths=_new(seen, (PAGE,)), folders=_new(seen, WEB)) if NGINX in lacking else NOTHING
        yield Change("packages", f"install {words} by apt", (Packages(lacking, f"install {words}"),), made)


def _nginx(seen: Seen) -> Iterator[Change]:
    """A package starts it and has it started at boot, unless somebody said otherwise before."""
    unit = seen.units["nginx.service"]
    new = _new(seen, NGINX_PATHS)
    if not unit.active:
        start = Run(("systemctl", "start", "nginx.service"), "start nginx")
        yield Change("nginx", "start nginx", (start,), Undo(paths=new, nginx=("runs",)))
    if not unit.enabled:
        enable = Run(("systemctl", "--quiet", "enable", "nginx.service"), "have nginx started at boot")
        yield Change("nginx", "have nginx started at boot", (enable,), Undo(nginx=("enabled",)))


def _account(seen: Seen) -> Iterator[Change]:
    if "uncork" in seen.accounts:
        return
    keep = Run(("sh", "-c", KEEP_BEFORE, "sh", str(BEFORE)), "keep what the list of users was")
    words = ("--system", "--user-group", "--home-dir", str(STATE), "--no-create-home", "--shell", "/usr/sbin/nologin")
    add = Run(("useradd", *words, "--comment", "the agent of uncork", "uncork"), "make the user uncork")
    what = "make the system user uncork, as whom the agent runs and nobody logs in"
    yield Change("user", what, (keep, add), Undo(users=("uncork",)))


def _bundle(seen: Seen, digest: str, version: str) -> Iterator[Change]:
    link = seen.paths.get(str(CURRENT))
    there = link.content if link else ""
    if there == digest:
        return
    known = tuple(str(ROOT / name) for name in seen.bundles)
    # What runs still may import from the one before.
    old = tuple(Remove(ROOT / name, f"remove {ROOT / name}") for name in seen.bundles if name not in {there, digest})
    new = (Bundle(digest, known, "send uncork"), Link(CURRENT, digest, "have it as the current one"))
    yield Change("uncork", f"put uncork {version} into {ROOT / digest}", (*new, *old))


def _command(seen: Seen) -> Iterator[Change]:
    """Another command of that name is somebody else's, and stays."""
    if str(COMMAND) not in seen.paths:
        link = Link(COMMAND, str(CURRENT / "bin" / "uncork"))
        yield Change("command", f"link {COMMAND} to it", (link,), Undo(paths=(str(COMMAND),)))


def _configs(seen: Seen) -> Iterator[Change]:
    for config in CONFIGS:
        there = seen.paths.get(str(config.path))
        digest = hashlib.sha256(config.content.encode()).hexdigest()
        if not there or (there.content, there.mode, there.owner) != (digest, 0o644, "root"):
            new = _new(seen, config.folder)
            made = Undo(paths=(str(config.path),), folders=new)
            folders = (Directory(Path(folder)) for folder in new)
            yield Change("units", config.what, (*folders, File(config.path, config.content), config.then), made)


def _agent(seen: Seen, digest: str) -> Iterator[Change]:
    """Its unit is written by the uncork there, which knows the apps; one that `down` has ended stays so."""
    unit = seen.units[AGENT]
    if seen.down or (unit.enabled and unit.active and seen.agent == digest):
        return
    made = _new(seen, AGENT_PATHS)
    run = Run((str(CURRENT / "bin" / "uncork"), "server", "agent"), "start the agent", 60.0)
    yield Change("agent", f"start the agent, by the unit {AGENT}", (run,), Undo(paths=made))


def _new(seen: Seen, those: tuple[Path, ...]) -> tuple[str, ...]:
    """Return those paths that are not there yet."""
    return tuple(str(path) for path in those if str(path) not in seen.paths)
