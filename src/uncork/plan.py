"""A plan is a value: the steps that would change a machine, in order, and how to take them back."""

from dataclasses import dataclass, field
from pathlib import Path

from uncork.serving import Protocol


@dataclass(frozen=True)
class Directory:
    """Make a folder, its parents too; `serving` gives it to the account that serves requests.

    `group` is the group that it gets in place of that account's.
    """

    path: Path
    mode: int = 0o755
    serving: bool = False
    why: str = ""
    group: str = ""


@dataclass(frozen=True)
class File:
    """Write a file whole or not at all; a secret one is readable by the account that serves requests alone."""

    path: Path
    content: str
    mode: int = 0o644
    secret: bool = False
    why: str = ""


@dataclass(frozen=True)
class Link:
    """Make a symlink, or move an existing one over, by one rename(2)."""

    path: Path
    points_to: str
    why: str = ""


@dataclass(frozen=True)
class Copy:
    """Copy the named regular files of a tree, with their modes; what is no regular file is refused."""

    source: Path
    to: Path
    names: tuple[str, ...]
    why: str = "copy the source"


@dataclass(frozen=True)
class Remove:
    """Remove a file, a link or a whole tree; one that isn't there is fine."""

    path: Path
    why: str = ""


@dataclass(frozen=True)
class Room:
    """See that the disk of a folder is not full: bytecode may have been cut short, and nobody says so."""

    path: Path
    why: str = ""


@dataclass(frozen=True)
class Certify:
    """Make a certificate for host names and IP addresses, signed by the local CA, which is made if there is none.

    `path` gets the certificate with its key, readable by the account that serves requests alone, or by root (not
    `serving`), where that account does not show it.
    """

    path: Path
    names: tuple[str, ...]
    authority: Path
    authority_key: Path
    why: str = ""
    serving: bool = True


@dataclass(frozen=True)
class Run:
    """Run a command to its end. `serving`: as the account that serves requests; `timeout` in seconds.

    What was written to `log` in the meantime explains the failure of one that printed nothing. One that `stays` leaves
    something behind that serves.
    """

    argv: tuple[str, ...]
    why: str
    timeout: float = 60.0
    directory: Path | None = None
    env: tuple[tuple[str, str], ...] = ()
    serving: bool = False
    log: Path | None = None
    stays: bool = False


@dataclass(frozen=True)
class Call:
    """Ask supervisord over its socket; `unless` are the fault names that mean it is so already."""

    socket: Path
    method: str
    params: tuple[str | bool, ...] = ()
    why: str = ""
    unless: tuple[str, ...] = ()


@dataclass(frozen=True)
class Watched:
    """A program, and who keeps it running: supervisord, by its socket, or systemd, whose unit it is."""

    name: str
    supervisor: Path | None = None


@dataclass(frozen=True)
class Units:
    """Have systemd start, restart, stop or kill units, or read all of them again (`daemon-reload`); `most` in seconds.

    What it does not know needs no stopping. It is waited for, but for a start. `stats` is asked as in `Gone`.
    """

    verb: str
    names: tuple[str, ...]
    why: str = ""
    most: float = 60.0
    stats: Path | None = None


@dataclass(frozen=True)
class Probe:
    """Ask a path on a unix socket until it answers below `below`, or the deadline (seconds) has passed.

    It gives up early when the supervisor of who is `watched` says that it has ended. What was written to `log` in the
    meantime explains a failure, of `app_log` what is about the probe, and of `early_log` what its start script says.
    """

    socket: Path
    path: str
    speaks: Protocol
    deadline: float
    why: str
    below: int = 500
    host: str = "localhost"
    watched: Watched | None = None
    log: Path | None = None
    app_log: Path | None = None
    early_log: Path | None = None


@dataclass(frozen=True)
class Warm:
    """Ask a server that is up until each of its workers has answered, for `most` seconds: no visitor is the first one.

    `stats` is where the server (of that name in the registry) tells of its workers; one that tells nothing is asked
    once for each of them.
    """

    probe: Probe
    server: str
    stats: Path
    workers: int
    most: float
    why: str


@dataclass(frozen=True)
class Answer:
    """Ask the front over TCP until it answers at all, or the deadline (seconds) has passed."""

    address: str
    port: int
    deadline: float
    why: str


@dataclass(frozen=True)
class Reload:
    """Have the front read its config again, and wait until all its workers go by it; `most` in seconds.

    `outside`: it is the machine's, whose master is root's.
    """

    pid_file: Path
    most: float
    why: str
    outside: bool = False


@dataclass(frozen=True)
class Drain:
    """Wait until nobody waits at a socket and no accepted connection is open; `least` and `most` in seconds."""

    socket: Path
    least: float
    most: float
    why: str


@dataclass(frozen=True)
class Gone:
    """Wait until supervisord has no running process of that program; `most` in seconds.

    `stats` is asked meanwhile: a uWSGI master looks whether its workers have left once a second, or when it is asked.
    """

    socket: Path
    program: str
    most: float
    why: str
    stats: Path | None = None


@dataclass(frozen=True)
class End:
    """End processes that no supervisor holds any more: asked first, killed with their group after `most` seconds."""

    pids: tuple[int, ...]
    most: float
    why: str


@dataclass(frozen=True)
class Orphans:
    """Kill at once what an instance's server has left behind that was killed; `run` is its own folder (UNCORK_RUN)."""

    run: Path
    why: str = ""


Changed = Directory | File | Link | Copy | Remove | Room | Certify
Step = Changed | Run | Call | Units | Probe | Warm | Answer | Reload | Drain | Gone | End | Orphans


@dataclass(frozen=True)
class Plan:
    """What to do, in order: `prepare` and `switch`; `revert` if either fails; `cleanup` when both are done."""

    prepare: tuple[Step, ...] = ()
    switch: tuple[Step, ...] = ()
    revert: tuple[Step, ...] = ()
    cleanup: tuple[Step, ...] = field(default=())

    @property
    def steps(self) -> tuple[Step, ...]:
        """All that would be done if nothing fails."""
        return self.prepare + self.switch + self.cleanup
