"""The config: what a project says under [tool.uncork] in pyproject.toml, or at the top of uncork.toml."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Final

from uncork.config import cache, front, holder, limits, logging, mail, server, tables, targets, tls
from uncork.config.keys import Key, about, kinds, of_field
from uncork.config.text import Table
from uncork.config.values import (
    ADDRESS,
    COMMAND,
    DOMAINS,
    IMPORT,
    MOUNT,
    NAME,
    PATH,
    SWITCH,
    VARIABLE,
    duration,
    normalised,
    number,
    shown,
    size,
)
from uncork.errors import UsageError
from uncork.notices import Logging, Mail
from uncork.serving import THIS_MACHINE, Cache, FrontSettings, Limits, ServerSettings, Target, Tls

_MEGABYTE: Final = 1024**2


@dataclass(frozen=True)
class Config:
    """What holds for one deploy, with the environment's own values laid over. Times in seconds, sizes in bytes."""

    name: str = field(
        metadata=about(
            "What the app is called: in `--app`, in its address and on disk. Without it the name is that of "
            "`[project]`, else of the project's folder, in small letters and with hyphens.",
            NAME,
            '"guestbook"',
        )
    )
    environment: str = "production"
    app: str | None = field(
        default=None,
        metadata=about(
            "What to serve: the module and, after a colon, the WSGI callable in it, or a call of its factory. Without "
            "it the app is found by Flask's own rules.",
            IMPORT,
            "\"guestbook:create_app('production')\"",
        ),
    )
    environment_variable: str | None = field(
        default=None,
        metadata=about(
            "A variable of the project's own that is set to the environment's name, beside `UNCORK_ENV`.",
            VARIABLE,
            '"MY_FLASK_ENV"',
        ),
    )
    processes: int | None = field(
        default=None,
        metadata=about(
            "How many processes answer requests. Without it: by the cores and the memory of the machine.",
            number(1, 1024),
            "4",
        ),
    )
    threads: int | None = field(
        default=None,
        metadata=about(
            "How many threads each process has. Without it: what suits the server and the machine.",
            number(1, 1024),
            "2",
        ),
    )
    worker_memory: int | None = field(
        default=None,
        metadata=about(
            "How much memory a process may hold before it is replaced, between two requests. Without it: a fair share "
            "of the machine's.",
            size(16 * _MEGABYTE, "16M"),
            '"512M"',
        ),
    )
    domains: tuple[str, ...] = field(
        default=(),
        metadata=about(
            "The host names that the app answers to, beside `<name>.localhost`; `*.example.com` stands for all names "
            "under it.",
            DOMAINS,
            '["shop.example.com"]',
        ),
    )
    mount: str = field(
        default="/",
        metadata=about(
            "The path that the app lives under; it sees it as SCRIPT_NAME, and `url_for` is right.", MOUNT, '"/shop"'
        ),
    )
    bind: str | None = field(
        default=None,
        metadata=about(
            "The IP address that the front listens on, the same for all apps of a state directory. Without it: the one "
            "it has, at first 127.0.0.1, this machine alone.",
            ADDRESS,
            '"0.0.0.0"',
        ),
    )
    port: int | None = field(
        default=None,
        metadata=about(
            "The port that the front listens on, the same for all apps of a state directory. Without it: the one it "
            "has, at first 8000.",
            number(1, 65535),
            "8080",
        ),
    )
    static: bool = field(
        default=True,
        metadata=about("Whether the front serves the app's static folders by itself.", SWITCH, "false"),
    )
    health: str | None = field(
        default=None,
        metadata=about(
            "The path that must answer below 500 before a new release takes traffic. Without it: the app's first page.",
            PATH,
            '"/healthz"',
        ),
    )
    request_timeout: float = field(
        default=30.0,
        metadata=about("How long one request may take; its process is replaced after that.", duration(1.0), '"30s"'),
    )
    boot_deadline: float = field(
        default=30.0,
        metadata=about("How long a new release may take until it answers.", duration(0.1), '"1m30s"'),
    )
    drain: float = field(
        default=30.0,
        metadata=about("How long the old release may take to finish its requests.", duration(0.0), '"30s"'),
    )
    keep_releases: int = field(
        default=5,
        metadata=about("How many releases are kept to roll back to, the live one included.", number(1, 1000), "5"),
    )
    release_command: tuple[str, ...] = field(
        default=(),
        metadata=about(
            "A command that is run in the new release, with its environment, when the app is known to import and "
            "before it starts. If it fails, the release is refused.",
            COMMAND,
            '"flask db upgrade"',
        ),
    )
    server: ServerSettings = field(default_factory=ServerSettings)
    front: FrontSettings = field(default_factory=FrontSettings)
    tls: Tls = field(default_factory=Tls)
    cache: Cache = field(default_factory=Cache)
    limits: Limits = field(default_factory=Limits)
    logging: Logging = field(default_factory=Logging)
    mail: Mail = field(default_factory=Mail)
    target: Target | None = None
    file: str = field(default=holder.PYPROJECT, compare=False)

    @property
    def own_tls(self) -> Tls:
        """HTTPS as the machines that serve the app answer it: none behind a balancer, which answers it for them."""
        return Tls() if self.target and self.target.balancer else self.tls

    def written(self, *key: str) -> str:
        """Where a key of that table is written, as an error says it."""
        return holder.written(self.file, *key)


TABLES: Final[Mapping[str, tuple[Key, ...]]] = {
    "server": server.KEYS,
    "front": front.KEYS,
    "front.upstreams": front.UPSTREAM_KEYS,
    "front.paths": front.PATH_KEYS,
    "tls": tls.KEYS,
    "cache": cache.KEYS,
    "limits": limits.KEYS,
    "logging": logging.KEYS,
    "mail": mail.KEYS,
    "targets.NAME": targets.KEYS,
    "targets.NAME.balancer": targets.BALANCER_KEYS,
}
"""The tables below the config's own, and the keys of each; those of two names are lists of tables, but for targets."""
_BELOW: Final = {
    "server": tables.Shape(kinds(server.KEYS), conflicts=server.conflicts, short="kind"),
    "front": tables.Shape(kinds(front.KEYS), conflicts=front.conflicts, short="kind"),
    "tls": tables.Shape(kinds(tls.KEYS), conflicts=tls.conflicts, lacking=tls.lacking, short="kind"),
    "cache": tables.Shape(kinds(cache.KEYS), short="on"),
    "limits": tables.Shape(kinds(limits.KEYS)),
    "logging": tables.Shape(kinds(logging.KEYS), laid_over=logging.laid_over, conflicts=logging.conflicts),
    "mail": tables.Shape(kinds(mail.KEYS), refused={"password": mail.PASSWORD}, conflicts=mail.conflicts),
}


def keys() -> tuple[Key, ...]:
    """Return the keys of the config's own table."""
    return tuple(of_field(f) for f in fields(Config) if "kind" in f.metadata)


def _of_targets() -> tables.TargetShape:
    balancer = tables.Shape(kinds(targets.BALANCER_KEYS), conflicts=targets.balancer_conflicts)
    every = {**kinds(keys()), **kinds(targets.KEYS)}
    return tables.TargetShape(tables.Shape(every, {**_BELOW, "balancer": balancer}), targets.conflicts)


def _read(texts: Mapping[str, str], environment: str | None, target: str) -> tables.Found:
    return tables.read(texts, tables.Shape(kinds(keys()), _BELOW), environment, target, _of_targets())


def targets_of(texts: Mapping[str, str]) -> tuple[Target, ...]:
    """Return the targets that a project names, in their order; raises UsageError as `load` does."""
    found = _read(texts, None, "").targets
    return tuple(targets.settings(name, own) for name, own in found.items())


def load(texts: Mapping[str, str], environment: str | None, default_name: str, target: str = "") -> Config:
    """Return the config of a project for an environment and a target; `texts` are its files, path -> text.

    `default_name` is the name of the project's folder. Without an environment it is the target's, at first production.
    Raises UsageError with everything that is wrong, each with its place and what to write instead.
    """
    found = _read(texts, environment, target)
    own = {*kinds(targets.KEYS), "balancer"}
    values = {key: value for key, value in found.values.items() if key not in own}
    if "name" not in values:
        values["name"] = _name(texts, default_name)
    said: dict[str, Table] = {name: values.pop(name, {}) for name in _BELOW}  # type: ignore[misc]
    chosen = targets.settings(target, found.values) if target not in {"", THIS_MACHINE} else None
    if chosen and chosen.balancer and chosen.balancer.domains:
        values.setdefault("domains", chosen.balancer.domains)
    return Config(
        environment=found.environment,
        server=server.settings(said["server"]),
        front=front.settings(said["front"]),
        tls=tls.settings(said["tls"]),
        cache=cache.settings(said["cache"]),
        limits=limits.settings(said["limits"]),
        logging=logging.settings(said["logging"], found.environment),
        mail=mail.settings(said["mail"], found.environment),
        target=chosen,
        file=holder.file_of(texts),
        **values,  # type: ignore[arg-type]
    )


def _name(texts: Mapping[str, str], folder: str) -> str:
    """Return the name of an app whose config gives none."""
    project = holder.project_name(texts)
    given = folder if project is None else project
    name = normalised(given)
    if name is None:
        whose = "the project's folder" if project is None else f"the project in {holder.PYPROJECT}"
        raise UsageError(
            f"{whose} is named {shown(given)}, which makes no name for an app",
            f"set `name` {holder.written(holder.file_of(texts))}: a small letter, then at most 39 of a-z, 0-9 and `-`",
        )
    return name
