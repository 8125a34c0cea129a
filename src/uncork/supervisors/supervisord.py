"""supervisord: every server and the front is a FastCGI program of it, since for those it holds the listening socket."""

import shlex
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import ClassVar, Final

from uncork.errors import UsageError, unsayable
from uncork.layout import Layout
from uncork.model import Account, Instance
from uncork.plan import Call, Directory, File, Gone, Link, Orphans, Reload, Remove, Run, Step, Watched
from uncork.rendering import render
from uncork.serving import Address, Service
from uncork.supervisors.supervisor import AGENT, Supervisor

FRONT: Final = "front"
# What supervisord calls `wait`: whether it answers only once the processes are up, or down.
WAIT: Final = False
# supervisord kills what takes longer than its own `stopwaitsecs`, so this only has to be longer than that.
PATIENCE: Final = 60.0
MARGIN: Final = 15.0
RELOAD_TIME: Final = 10.0


@dataclass(frozen=True)
class _Program:
    """What supervisord runs: `socket` in its own words (`unix:///...`), `run` is UNCORK_RUN, `early_log` is its own.

    `log` is opened by the program itself, as the account that serves; `pid` is where it writes its master's pid.
    `bound` is where a server binds by itself.
    """

    name: str
    service: Service
    socket: str
    run: Path
    early_log: Path
    log: Path | None = None
    pid: Path | None = None
    bound: Path | None = None

    @property
    def unix(self) -> bool:
        """Whether the socket is a file."""
        return self.socket.startswith("unix:")


@dataclass(frozen=True)
class Supervisord(Supervisor):
    """supervisord, as a daemon of one state directory; `python` is an interpreter that can import it, and uncork.

    A group of two processes stands for each program: number 0 is the server, number 1 holds the socket. The agent has
    no socket, and what binds by itself needs none to hold it: they are one process. `code` is what tells this uncork
    from another.
    """

    python: str
    code: str = ""
    name: ClassVar[str] = "supervisord"

    def files(self, layout: Layout) -> tuple[File, ...]:
        """Its main config, which includes one file a program. Raises UsageError for a home it can't look into."""
        if any(mark in str(layout.home) for mark in "*?["):
            raise UsageError(
                f"supervisord can't find its programs in {layout.home}: `*`, `?` and `[` stand for other characters",
                "choose another path for the state directory",
            )
        return (File(layout.supervisor_config, render(__package__, "supervisord.conf.j2", escape, layout=layout)),)

    def folders(self, layout: Layout) -> tuple[Path, ...]:
        """The one that its main config includes."""
        return (layout.programs,)

    def instance(self, path: Path) -> Instance | None:
        """They are named as the instance is."""
        return Instance.parse(path.stem)

    def begin(self, layout: Layout) -> tuple[Step, ...]:
        """It takes orders once the command has ended. By itself it would start its programs only a second later."""
        argv = (self.python, "-m", "supervisor.supervisord", "-c", str(layout.supervisor_config))
        return (Run(argv, "start supervisord", stays=True), _call(layout, "startAllProcesses", WAIT))

    def end(self, layout: Layout, instances: tuple[Instance, ...]) -> tuple[Step, ...]:  # noqa: ARG002 -- all
        """The front first, so that nobody is turned away by a server that has gone."""
        return (
            *_stop(layout, FRONT, PATIENCE, "stop the front"),
            _call(layout, "stopAllProcesses", WAIT),
            _call(layout, "shutdown", why="stop supervisord"),
            Gone(layout.supervisor_socket, "", PATIENCE + MARGIN, "wait for the servers to finish"),
        )

    def place(self, layout: Layout, instance: Instance, service: Service, account: Account | None) -> tuple[Step, ...]:
        """The folders for its socket and its own files, its start script, and supervisord's config of it."""
        app = layout.app(instance.app)
        program = _Program(
            name=instance.name,
            service=service,
            socket=f"unix://{app.socket(instance)}",
            run=app.own(instance),
            early_log=layout.starts_log,
            log=app.server_log,
            bound=app.bound(instance) if service.binds else None,
        )
        bound = app.bound(instance).relative_to(app.instance(instance))
        return (
            Directory(app.instance(instance), 0o711),
            Directory(app.own(instance), 0o700, serving=True),
            *((Link(app.socket(instance), str(bound)),) if service.binds else ()),
            *_files(layout, program, account, app=instance.app, release=str(instance.release)),
        )

    def start(self, layout: Layout, instance: Instance, service: Service, account: Account | None) -> tuple[Step, ...]:
        """A group that is there already is started if it is not running."""
        placed = self.place(layout, instance, service, account)
        socket = str(layout.app(instance.app).socket(instance))
        return (*placed, *_start(layout, instance.name, socket, "start the server"))

    def stop(self, layout: Layout, instance: Instance, seconds: float) -> tuple[Step, ...]:
        """Its config goes first: whatever happens next, it does not come back with the next supervisord."""
        conf, script = _paths(layout, instance.name)
        return (
            Remove(conf),
            *_stop(layout, instance.name, seconds, "stop the server", layout.app(instance.app).stats(instance)),
            *((Orphans(layout.app(instance.app).own(instance)),) if seconds <= 0 else ()),
            Remove(script),
            Remove(layout.app(instance.app).instance(instance)),
        )

    def watched(self, layout: Layout, instance: Instance) -> Watched:
        """It is asked over its socket."""
        return Watched(instance.name, layout.supervisor_socket)

    def start_front(
        self, layout: Layout, service: Service, address: Address, account: Account | None, *, again: bool = True
    ) -> tuple[Step, ...]:
        """The front runs as the account that serves, whatever the port: only the socket needs root."""
        if ":" in address.bind and not service.binds:
            raise UsageError(
                f"supervisord can't hold a socket of IPv6, as {address.bind} would need",
                "bind to an address of IPv4; 0.0.0.0 stands for all of them",
            )
        program = _Program(
            name=FRONT,
            service=service,
            socket=f"tcp://{address.bind}:{address.port}",
            run=layout.front_run,
            early_log=layout.front_log,
            pid=layout.front_pid,
        )
        return (
            *_files(layout, program, account),
            *(_stop(layout, FRONT, PATIENCE, "") if again else ()),
            *_start(layout, FRONT, f"{address.bind}:{address.port}", "start the front"),
        )

    def stop_front(self, layout: Layout) -> tuple[Step, ...]:
        """Its config goes first, as a server's does."""
        conf, script = _paths(layout, FRONT)
        return (Remove(conf), *_stop(layout, FRONT, PATIENCE, "stop the front"), Remove(script))

    def agent_files(self, layout: Layout, account: Account | None, apps: tuple[str, ...] = ()) -> tuple[File, ...]:  # noqa: ARG002 -- it serves as the same account as all of them
        """Its config and its start script, which names the code that it is started from."""
        conf, script = _paths(layout, AGENT)
        start = render(
            __package__, "agent.sh.j2", word, python=self.python, code=self.code, layout=layout, account=account
        )
        text = render(
            __package__,
            "agent.conf.j2",
            escape,
            name=AGENT,
            script=shlex.quote(str(script)),
            log=str(layout.agent_log).replace("%", "%%"),
        )
        return (File(script, start), File(conf, text))

    def start_agent(self, layout: Layout, account: Account | None, apps: tuple[str, ...] = ()) -> tuple[Step, ...]:
        """An agent of before ends first, so that two never wait for each other."""
        return (
            *self.agent_files(layout, account, apps),
            *_stop(layout, AGENT, PATIENCE, ""),
            *_start(layout, AGENT, "", "start the agent"),
        )

    def reload_front(self, layout: Layout) -> tuple[Step, ...]:
        """It goes to the front itself: supervisord could not say when the old config is no longer gone by."""
        return (Reload(layout.front_pid, RELOAD_TIME, "reload the front"),)


def escape(value: str) -> str:
    """Return a value as supervisord's config must say it. Raises UsageError where no way to say it exists.

    `%` is for expansion, and `%(here)s` is put in before that; a semicolon or `#` after a space is a comment
    (supervisor.options.UnhosedConfigParser).
    """
    if value != value.strip() or not value.isprintable():
        raise _refused(value, "a space at either end, or a character that can't be printed")
    if "%(here)s" in value or any(f" {value}".find(mark) >= 0 for mark in (" ;", " #")):
        raise _refused(value, "`%(here)s`, or a semicolon or `#` after a space")
    return value.replace("%", "%%")


def _refused(value: str, what: str) -> UsageError:
    return unsayable(value, "supervisord's config", what, "choose another path for the state directory")


def word(value: str) -> str:
    """Return a value as one word of a shell. Raises UsageError for NUL, which no command can be given."""
    if "\0" in value:
        raise UsageError(f"a command can't be given {value!r}: it has a NUL", "take the NUL out")
    return shlex.quote(value)


def _paths(layout: Layout, name: str) -> tuple[Path, Path]:
    """Return the program's config, and the script that starts it."""
    return layout.programs / f"{name}.conf", layout.programs / f"{name}.sh"


def _files(
    layout: Layout, program: _Program, account: Account | None, *, app: str = "", release: str = ""
) -> tuple[File, ...]:
    conf, script = _paths(layout, program.name)
    service = program.service
    if "=" in service.argv[0]:  # env(1) would take it for a variable
        raise _refused(service.argv[0], "an equals sign")
    low_port = bool(account) and service.low_port
    text = render(
        __package__,
        "program.conf.j2",
        escape,
        program=program,
        # It is quoted for supervisord, which splits the line as a shell does.
        script=shlex.quote(str(script)),
        # supervisord expands the name of this file twice.
        early_log=str(program.early_log).replace("%", "%%"),
        account=account,
        low_port=low_port,
        wait=max(1, ceil(service.stop_seconds)),
    )
    own = (("UNCORK_APP", app), ("UNCORK_RELEASE", release)) if app else ()
    start = render(
        __package__,
        "program.sh.j2",
        word,
        program=program,
        layout=layout,
        account=account,
        env=(*own, *service.env),
        low_port=low_port,
    )
    return (File(script, start), File(conf, text))


def _start(layout: Layout, name: str, socket: str, why: str) -> tuple[Step, ...]:
    """It would start a new group by itself, but up to a second later."""
    return (
        _call(layout, "reloadConfig"),
        _call(layout, "addProcessGroup", name, why=f"bind {socket}" if socket else "", unless=("ALREADY_ADDED",)),
        _call(layout, "startProcessGroup", name, WAIT, why=why),
    )


def _stop(layout: Layout, name: str, seconds: float, why: str, stats: Path | None = None) -> tuple[Step, ...]:
    """A server that has just crashed is not stopped by the first request, but started again; so there are two.

    Within 0 seconds means that it is killed.
    """
    stop = _call(layout, "stopProcessGroup", name, WAIT, unless=("BAD_NAME",))
    kill = _call(layout, "signalProcess", f"{name}:{name}_0", "KILL", unless=("BAD_NAME", "NOT_RUNNING", "FAILED"))
    return (
        stop,
        stop,
        *(() if seconds > 0 else (kill,)),
        Gone(layout.supervisor_socket, name, max(seconds, PATIENCE) + MARGIN, why, stats),
        _call(layout, "removeProcessGroup", name, unless=("BAD_NAME",)),
    )


def _call(layout: Layout, method: str, *params: str | bool, why: str = "", unless: tuple[str, ...] = ()) -> Call:
    return Call(layout.supervisor_socket, f"supervisor.{method}", params, why, unless)
