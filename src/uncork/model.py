"""The nouns that everything speaks of: project, service, site, release, instance. All are frozen values."""

from dataclasses import dataclass, field, replace
from enum import Enum

from uncork.notices import Certificate, Logging, Mail, Trouble
from uncork.serving import Address, Maintenance, Service, Site, Static


class Source(Enum):
    """Where the dependencies of a project are written down, best first."""

    UV_LOCK = "uv.lock"
    PINNED = "requirements.txt (pinned)"
    REQUIREMENTS_IN = "requirements.in"
    REQUIREMENTS_TXT = "requirements.txt"
    PYPROJECT = "pyproject.toml"
    PIPFILE_LOCK = "Pipfile.lock"
    POETRY_LOCK = "poetry.lock"
    PIPFILE = "Pipfile"
    SETUP_CFG = "setup.cfg"
    IMPORTS = "the imports of the source"


@dataclass(frozen=True)
class Place:
    """A place in a project: a file, relative to the project's root, and a line, counted from 1."""

    path: str
    line: int

    def __str__(self) -> str:
        """Return the place as `path:line`."""
        return f"{self.path}:{self.line}"


@dataclass(frozen=True)
class AppTarget:
    """What to import: `module` as Python names it, and the `expression` that yields the WSGI callable in it.

    `expression` is Python source: a name (`app`, `site.app`) or a call of a factory with literal arguments
    (`create_app('production')`). `search` are the folders, relative to the root, that go on sys.path.
    """

    module: str
    expression: str
    search: tuple[str, ...] = ("",)
    found: Place | None = None

    @property
    def name(self) -> str:
        """The name in the module that the expression starts with: what `from module import name` needs."""
        return self.expression.split("(")[0].split(".")[0]

    @property
    def is_path(self) -> bool:
        """Whether the module is named as no `import` statement could name it."""
        return not all(part.isidentifier() for part in self.module.split("."))

    @property
    def folders(self) -> tuple[str, ...]:
        """The same as `search`, relative to a release's folder."""
        return tuple(f"source/{folder}".rstrip("/") for folder in self.search)


@dataclass(frozen=True)
class Dependencies:
    """Where the dependencies come from: the kind, and the files that decide them (paths in the project).

    `requirements` is the whole lock where `files` are one that needs no resolver, else what the resolver is asked for
    where that is no file of its own. `omit` are distributions that the lock leaves out: the project itself. `brought`
    are those that it leaves out with all that only they require: what a release brings itself.
    """

    source: Source
    files: tuple[str, ...]
    notes: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    omit: tuple[str, ...] = ()
    brought: tuple[str, ...] = ()


@dataclass(frozen=True)
class Project:
    """What a source tree turned out to hold; made from texts alone, the app is never imported.

    `metadata` are files (path, content) that let the app find its own distribution, though it is not installed.
    """

    target: AppTarget
    dependencies: Dependencies
    requires_python: str = ""
    metadata: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Release:
    """An immutable, numbered build of a project, and the record of how it is started (`release.json`).

    `created` is UTC in ISO 8601, `lock` and `source_digest` are SHA-256 in hex, `health` is the path that must answer.
    `fronts` are those that it can stand behind, first the one that it was deployed behind; old records don't say, and
    nginx is one.
    """

    id: int
    app: str
    environment: str
    created: str
    source_digest: str
    lock: str
    python: str
    server: str
    venv: str
    service: Service
    site: Site
    processes: int = 1
    health: str = ""
    boot_deadline: float = 30.0
    drain: float = 30.0
    logging: Logging = field(default_factory=Logging)
    mail: Mail = field(default_factory=Mail)
    fronts: tuple[str, ...] = ("nginx",)


@dataclass(frozen=True, order=True)
class Instance:
    """One run of a release: `restart` gives a release a second one, on a socket of its own."""

    app: str
    release: int
    number: int = 1

    @property
    def name(self) -> str:
        """What the supervisor and the runtime folder call it: `guestbook.12.1`."""
        return f"{self.app}.{self.release}.{self.number}"

    def next(self) -> "Instance":
        """The instance that would take over from this one in a restart."""
        return replace(self, number=self.number + 1)

    @classmethod
    def parse(cls, name: str) -> "Instance | None":
        """The instance of that name, or None where the name is not one."""
        app, _, rest = name.partition(".")
        release, _, number = rest.partition(".")
        if app and release.isdecimal() and number.isdecimal():
            return cls(app, int(release), int(number))
        return None


@dataclass(frozen=True)
class Account:
    """The unprivileged user that serves requests when uncork itself runs as root."""

    name: str
    group: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Interpreter:
    """A Python: its real path and its version, as in `3.11.2`; of another machine, with what uv calls its platform."""

    path: str
    version: str
    platform: str = ""


@dataclass(frozen=True)
class Locked:
    """What an environment is to be made of: its Python, the project's lock, and what the server needs beside that."""

    python: Interpreter
    project: str
    server: str


@dataclass(frozen=True)
class Proof:
    """What the app said of itself when it was imported in its own environment by a clean interpreter.

    `frameworks` are modules it imported whose import only defines things, so that it may be made before a fork.
    `cookies` are the names of those by which it knows a visitor.
    """

    flask: bool = False
    static: tuple[Static, ...] = ()
    max_body: int | None = None
    notes: tuple[str, ...] = field(default=())
    frameworks: tuple[str, ...] = ()
    cookies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Program:
    """What supervisord says of one program: its name, its state in supervisord's words, pid, start (epoch seconds)."""

    name: str
    state: str
    pid: int = 0
    started: float = 0.0

    @property
    def running(self) -> bool:
        """Whether a process of it is there."""
        return self.state in {"STARTING", "RUNNING", "STOPPING"}


@dataclass(frozen=True)
class Worker:
    """One process of a server that answers requests. `state` is `idle`, `busy`, ... as the server says.

    `restarts` says how often it took the place of one before it, since the server's start.
    """

    pid: int
    state: str
    requests: int
    rss_bytes: int
    restarts: int = 0


@dataclass(frozen=True)
class Machine:
    """What this machine has: cores, memory and free disk in bytes, and the longest listen queue it allows."""

    cpus: int
    memory_bytes: int
    free_bytes: int
    backlog: int


@dataclass(frozen=True)
class AppFacts:
    """What is so for one app: the instance that takes traffic, its finished releases (oldest first), its programs.

    `pointed` says whether both links, the switch's and the one that marks what is live, lead to `live`; `entered`
    whether the front's leads there. `next_release`
    is a number that no release of the app ever had.
    """

    name: str
    live: Instance | None = None
    releases: tuple[Release, ...] = ()
    programs: tuple[Program, ...] = ()
    stopped: bool = False
    next_release: int = 1
    pointed: bool = True
    entered: bool = True
    maintenance: Maintenance | None = None
    certificate: Certificate = field(default_factory=Certificate)

    def release(self, number: int) -> Release | None:
        """The finished release of that number."""
        return next((r for r in self.releases if r.id == number), None)

    @property
    def live_release(self) -> Release | None:
        """The release that takes traffic."""
        return self.release(self.live.release) if self.live else None


@dataclass(frozen=True)
class Facts:
    """What is so on this machine, read once; everything is decided from it.

    `apps` are in the order of their first deploy. `address` is None before the first deploy, `front` is what answers
    there. `supervising` says whether supervisord answers; `programs` is what it runs. `leftovers` are processes of ours
    that no supervisor holds. `pending` is what a killed command left undone at the front; `notes` name files that could
    not be read; `troubles` are what the agent, if it runs, says that it can't do. `set_up`: the machine was set up for
    serving, so that systemd is the supervisor.
    """

    machine: Machine
    account: Account | None = None
    address: Address | None = None
    apps: tuple[AppFacts, ...] = ()
    supervising: bool = False
    programs: tuple[Program, ...] = ()
    leftovers: tuple[int, ...] = ()
    down: bool = False
    pending: str = ""
    notes: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    front: str = ""
    set_up: bool = False

    def app(self, name: str) -> AppFacts:
        """What is so for that app; an empty one if it was never deployed."""
        return next((a for a in self.apps if a.name == name), AppFacts(name))
