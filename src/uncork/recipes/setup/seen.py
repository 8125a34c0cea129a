"""A machine as `look.sh` saw it: lines of a key and its words, put in order."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from uncork.recipes.platform import OLDEST, Platform

NGINX: Final = "nginx"


@dataclass(frozen=True)
class Path:
    """What is at a path: `file`, `folder`, `link` or `other`, its mode and owner, and its SHA-256 or where it leads."""

    kind: str
    mode: int
    owner: str
    content: str


@dataclass(frozen=True)
class Python:
    """A Python of the machine; `whole` if it has all of the standard library that uncork needs."""

    executable: str
    version: str
    whole: bool

    @property
    def numbers(self) -> tuple[int, ...]:
        """Its version to compare by."""
        return tuple(int(part) for part in self.version.split(".")[:2] if part.isdecimal())


@dataclass(frozen=True)
class Unit:
    """A unit of systemd: whether it is to be started at boot, and whether it runs."""

    enabled: bool = False
    active: bool = False


@dataclass(frozen=True)
class Account:
    """A user: its number, comment and home folder."""

    name: str
    uid: int
    comment: str
    home: str


@dataclass(frozen=True)
class Seen:
    """What a machine is, and what is on it already; sizes in bytes.

    `sites` are nginx's of others, `own_sites` ours; `port` is the program that listens on port 80, `agent` the bundle
    that our agent runs from; `home` says whether something is in the state directory, `down` whether `down` was said.
    """

    name: str
    system: tuple[str, str]
    title: str
    machine: str
    libc: str
    systemd: bool
    pythons: tuple[Python, ...]
    programs: dict[str, str]
    units: dict[str, Unit]
    accounts: dict[str, Account]
    groups: tuple[str, ...]
    free: dict[str, int]
    paths: dict[str, Path]
    apps: tuple[str, ...]
    sites: tuple[str, ...]
    own_sites: tuple[str, ...]
    port: str
    agent: str
    home: bool
    bundles: tuple[str, ...]
    down: bool

    @property
    def python(self) -> Python | None:
        """The Python that uncork goes by: the machine's own if that is new enough, else the newest there is."""
        fit = [one for one in self.pythons if one.numbers >= OLDEST and one.whole]
        return next(iter(fit), None)

    @property
    def platform(self) -> Platform | None:
        """The machine as wheels see it; None without a Python for uncork."""
        python = self.python
        return Platform(python.version, self.machine, self.libc, python.executable) if python else None


def seen(text: str) -> Seen:
    """Return what the output of look.sh says."""
    told = _Told([line.split("\t") for line in text.splitlines() if "\t" in line])
    return Seen(
        name=told.one("name"),
        system=(told.one("id"), told.one("version")),
        title=told.one("title"),
        machine=told.one("machine"),
        libc=told.one("libc"),
        systemd=told.one("systemd") == "yes",
        pythons=told.pythons(),
        programs={name: where for name, where, *_ in told.each("program", 2)},
        units={name: Unit(on == "enabled", runs == "active") for name, on, runs in told.each("unit", 3)},
        accounts={name: Account(name, int(uid), *rest) for name, uid, *rest in told.each("account", 4)},
        groups=told.all("group"),
        free=told.free(),
        paths={path: _path(*about) for path, *about in told.each("path", 5)},
        apps=told.all("app"),
        sites=told.all("site"),
        own_sites=told.all("own-site"),
        port=told.one("port"),
        agent=told.one("agent"),
        home=told.one("home") == "yes",
        bundles=told.all("bundle"),
        down=told.one("down") == "yes",
    )


def _path(kind: str, mode: str, owner: str, content: str) -> Path:
    return Path(kind, int(mode, 8), owner, content)


@dataclass(frozen=True)
class _Told:
    lines: list[list[str]]

    def one(self, key: str) -> str:
        """The value of a key that comes once; empty without it."""
        return next(iter(self.all(key)), "")

    def all(self, key: str) -> tuple[str, ...]:
        """The value of each line of a key that has one."""
        return tuple(value for (value,) in self.each(key, 1))

    def each(self, key: str, count: int) -> Iterator[list[str]]:
        """The values of each line of that key which has so many."""
        return (line[1:] for line in self.lines if line[0] == key and len(line) == count + 1)

    def pythons(self) -> tuple[Python, ...]:
        """Each once: several names may lead to one."""
        found = (Python(where, version, whole == "yes") for where, version, whole in self.each("python", 3))
        return tuple(dict.fromkeys(found))

    def free(self) -> dict[str, int]:
        """The bytes that the disk of each folder has left, where df(1) says so."""
        return {folder: int(size) * 1024 for folder, size in self.each("free", 2) if size.isdecimal()}
