"""The nginx of a system, as it is run and configured by others: what uncork must know of it, and leave as it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Final

from uncork.fronts.dialect import Dialect
from uncork.fronts.nginx_text import Directive, parse

FOLDERS: Final = ("sites-enabled", "http.d", "vhosts.d", "conf.d")
"""What those who package nginx call its folders of sites; of several that are there the first is for sites."""
PORT: Final = "80"
"""Where a server listens that does not say where."""
BUCKET: Final = 64
"""The bytes of a bucket where nothing is said: a line of the processor's cache, and a half of it nowhere any more."""
MARK: Final = "# configuration file "
"""What `nginx -T` has before the name of each file, and a colon behind it."""


@dataclass(frozen=True)
class Listen:
    """An address with a port, `0.0.0.0` for all of IPv4; whether its server answers who names no known host there."""

    place: str
    default: bool = False

    @property
    def port(self) -> int:
        """The port; 0 for a unix socket."""
        port = self.place.rpartition(":")[2]
        return int(port) if port.isdecimal() else 0


@dataclass(frozen=True)
class Server:
    """A server of somebody's: the file it is in, its host names, where it listens."""

    file: str
    names: tuple[str, ...]
    listens: tuple[Listen, ...]


@dataclass(frozen=True)
class Host:
    """The nginx at `binary`: `folder` is where sites are put, `user` who its workers are; `runs` if its master does.

    `before` and `after` are the servers of others, in the order that nginx knows them, around a file of the name
    `site` in that folder. `folder` is empty where its config includes none. `bucket` is its
    `server_names_hash_bucket_size`: a name that is longer than that has room for keeps nginx from starting.
    """

    binary: str
    dialect: Dialect
    user: str
    pid_file: str
    folder: str
    runs: bool = False
    before: tuple[Server, ...] = ()
    after: tuple[Server, ...] = ()
    bucket: int = BUCKET

    @property
    def servers(self) -> tuple[Server, ...]:
        """All servers of others."""
        return (*self.before, *self.after)


@dataclass(frozen=True)
class Compiled:
    """What an nginx was made with, as `nginx -V` says it."""

    version: tuple[int, ...]
    prefix: str = "/usr/local/nginx"
    user: str = "nobody"
    pid_file: str = "logs/nginx.pid"

    @classmethod
    def of(cls, said: str) -> "Compiled":
        """Return what is in the output of `nginx -V`."""
        number = said.partition("nginx/")[2].split()
        options = dict(word.removeprefix("--").split("=", 1) for word in said.split() if "=" in word)
        return cls(
            tuple(int(part) for part in number[0].split(".") if part.isdecimal()) if number else (),
            options.get("prefix", cls.prefix),
            options.get("user", cls.user),
            options.get("pid-path", cls.pid_file),
        )


def host(binary: str, version: str, dumped: str, site: str) -> Host:
    """Return what the outputs of `nginx -V` and `nginx -T` say; `site` is the name of the file that is ours."""
    compiled = Compiled.of(version)
    texts = dict(_files(dumped))
    main = next(iter(texts), "/etc/nginx/nginx.conf")
    reading = _Reading(texts, str(PurePosixPath(main).parent), site)
    top = tuple(reading.directives(main))
    user = next((d.words[1] for d, _ in top if d.name == "user"), compiled.user)
    pid = next((d.words[1] for d, _ in top if d.name == "pid"), compiled.pid_file)
    blocks = tuple(entry for d, file in top if d.name == "http" for entry in reading.within(d.block, file))
    folder = _folder(tuple(reading.included))
    ours = str(PurePosixPath(folder, site))
    # What a server includes is its own, be it called as a site's folder is.
    inner = _Reading(texts, str(PurePosixPath(main).parent), site)
    servers = tuple(
        (_server(d, file, inner), file) for d, file in blocks if d.name in {"server", "here"} and file != ours
    )
    place = next((at for at, (one, file) in enumerate(servers) if one is None and file == folder), len(servers))
    return Host(
        binary,
        Dialect(compiled.version),
        user,
        str(PurePosixPath(compiled.prefix, pid)),
        folder,
        before=tuple(one for one, _ in servers[:place] if one),
        after=tuple(one for one, _ in servers[place:] if one),
        bucket=next((_size(d.words[1]) for d, _ in blocks if d.name == "server_names_hash_bucket_size"), BUCKET),
    )


def _size(word: str) -> int:
    """Return a size in nginx's words, as whole buckets."""
    number, unit = word.rstrip("kK"), word[-1:].lower()
    size = int(number) * (1024 if unit == "k" else 1) if number.isdecimal() else 0
    return max(-(-size // BUCKET), 1) * BUCKET


def _files(dumped: str) -> Iterator[tuple[str, str]]:
    """Yield each file that nginx read, with its text."""
    name, lines = "", list[str]()
    for line in dumped.splitlines(keepends=True):
        if line.startswith(MARK):
            if name:
                yield name, "".join(lines)
            name, lines = line.removeprefix(MARK).rstrip().removesuffix(":"), []
        else:
            lines.append(line)
    if name:
        yield name, "".join(lines)


Found = tuple[Directive, str]
"""A directive, and the file it is in."""


class _Reading:
    """Follows includes; `included` gets the folders of sites that a file of ours would be included from."""

    def __init__(self, texts: dict[str, str], folder: str, site: str) -> None:
        self._texts = texts
        self._folder = folder
        self._site = site
        self.included: list[str] = []

    def directives(self, file: str) -> Iterator[Found]:
        """Yield the directives of a file, includes followed."""
        return self.within(parse(self._texts.get(file, "")), file)

    def within(self, block: tuple[Directive, ...], file: str) -> Iterator[Found]:
        """Yield the directives of a block. Where our file would be among those included, `here` stands for it."""
        for directive in block:
            if directive.name == "include" and len(directive.words) > 1:
                yield from self._include(str(PurePosixPath(self._folder, directive.words[1])))
            else:
                yield directive, file

    def _include(self, pattern: str) -> Iterator[Found]:
        """In the order of their names, as glob(3) has them."""
        folder, _, last = pattern.rpartition("/")
        names = {name.rpartition("/")[2] for name in self._texts if name.rpartition("/")[0] == folder}
        ours = "*" in last and fnmatchcase(self._site, last)
        if ours:
            self.included.append(folder)
        for name in sorted({*(n for n in names if fnmatchcase(n, last)), *({self._site} if ours else ())}):
            if ours and name == self._site:
                yield Directive(("here",)), folder
            yield from self.directives(f"{folder}/{name}")


def _folder(included: tuple[str, ...]) -> str:
    """Folders that only http has come last in nginx.conf; those of modules and streams are called otherwise."""
    named = [folder for name in FOLDERS for folder in included if PurePosixPath(folder).name == name]
    return next(iter(named), "")


def _server(directive: Directive, file: str, reading: _Reading) -> Server | None:
    if directive.name != "server":
        return None
    inner = tuple(found for found, _ in reading.within(directive.block, file))
    names = tuple(name.lower() for d in inner if d.name == "server_name" for name in d.words[1:])
    listens = tuple(_listen(d) for d in inner if d.name == "listen" and len(d.words) > 1)
    return Server(file, names, listens or (Listen(f"0.0.0.0:{PORT}"),))


def _listen(directive: Directive) -> Listen:
    where, options = directive.words[1], directive.words[2:]
    if not where.startswith("unix:"):
        where = _full(where)
    return Listen(where, "default_server" in options or "default" in options)


def _full(where: str) -> str:
    """`80`, `*:80` and `10.0.0.1` as an address with a port."""
    if where.isdecimal():
        return f"0.0.0.0:{where}"
    host, _, port = where.rpartition(":") if not where.endswith("]") else (where, "", PORT)
    if not host:
        host, port = where, PORT
    return f"{'0.0.0.0' if host == '*' else host.lower()}:{port}"  # noqa: S104 -- what `*` means
