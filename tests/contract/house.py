"""A state directory with a real supervisord, whose releases are written by hand: a small Flask app and its run.py."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import Final

from uncork.app_layout import AppLayout
from uncork.apply import apply
from uncork.layout import Layout
from uncork.machine import processes, sockets, supervisord
from uncork.machine.wire import Response
from uncork.model import Instance, Worker
from uncork.plan import Plan, Probe, Step, Watched
from uncork.recipes import provision
from uncork.servers.server import Build, Server
from uncork.serving import Protocol, ServerSettings
from uncork.supervisors.supervisord import Supervisord
from uncork.workflows.up import RUNTIME

RUN: Final = """
import atexit, os, subprocess, sys, threading, time
from flask import Flask, request
sys.path.append(os.path.dirname(os.path.realpath(__file__)))
from uncork_runtime import wsgi

app = Flask(__name__)
application = wsgi.serve(app, under=UNDER)
beats = []
atexit.register(lambda: print("the app says goodbye"))


def beat():
    while True:
        beats.append(1)
        time.sleep(0.01)


threading.Thread(target=beat, daemon=True).start()


@app.get("/")
def about():
    facts = (os.getpid(), os.getcwd(), os.environ["UNCORK_RUN"], os.environ.get("CANARY"), request.host)
    return " ".join(map(str, facts))


@app.get("/sleep/<float:seconds>")
def sleep(seconds):
    time.sleep(seconds)
    return "slept"


@app.get("/pid/<float:seconds>")
def pid(seconds):
    time.sleep(seconds)
    return str(os.getpid())


@app.get("/path/<path:rest>")
def path(rest):
    return rest


@app.get("/fork")
def fork():
    pid = os.fork()
    if not pid:
        os._exit(7)
    return str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


@app.get("/child")
def child():
    return subprocess.run(["cat"], capture_output=True, check=True, timeout=5).stdout or "nothing to read"


@app.get("/beats")
def count():
    return str(len(beats))
"""


class Quiet:
    """A reporter that only keeps what was noted."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def begin(self, why: str) -> None:
        pass

    def end(self, why: str, seconds: float) -> None:
        pass

    def note(self, text: str) -> None:
        self.notes.append(text)


@dataclass(frozen=True)
class House:
    """The state directory; `build` is what an app's releases are built from."""

    layout: Layout
    supervisor: Supervisord
    server: Server
    build: Build

    @property
    def app(self) -> AppLayout:
        return self.layout.app(self.build.app)

    def do(self, *steps: Step) -> None:
        apply(Plan(prepare=steps), processes.account(), Quiet())

    def start(self, number: int, run_py: str = RUN, **changes: object) -> Instance:
        """Start a release of that number; nobody has looked yet whether it answers."""
        build = replace(self.build, release=number, directory=self.app.release(number), **changes)  # type: ignore[arg-type]
        self.app.source(number).mkdir(parents=True, exist_ok=True)
        shutil.copytree(RUNTIME, build.directory / RUNTIME.name, dirs_exist_ok=True)
        (build.directory / "run.py").write_text(run_py.replace("UNDER", self._under(build)))
        instance = Instance(build.app, number)
        service = self.server.service(build)
        self.do(*self.server.files(build), *self.supervisor.start(self.layout, instance, service, processes.account()))
        return instance

    def _under(self, build: Build) -> str:
        """What a run.py tells the runtime of the server."""
        server = self.server
        fronted = server.fronted or server.speaks(build.settings) is Protocol.HTTP
        limit = 0.0 if server.watches else build.request_timeout
        return f"wsgi.Server({server.leave_signal!r}, {limit}, {fronted})"

    def probe(self, instance: Instance, deadline: float = 15.0) -> None:
        self.do(
            Probe(
                self.app.socket(instance),
                "/",
                self.server.speaks(self.build.settings),
                deadline,
                "boot it",
                watched=Watched(instance.name, self.layout.supervisor_socket),
                log=self.app.server_log,
            )
        )

    def stop(self, instance: Instance, seconds: float = 10.0) -> None:
        self.do(*self.supervisor.stop(self.layout, instance, seconds))

    @contextmanager
    def release(self, number: int, **changes: object) -> Iterator[Instance]:
        """A release that answers, and is gone afterwards."""
        instance = self.start(number, **changes)  # type: ignore[arg-type]
        try:
            self.probe(instance)
            yield instance
        finally:
            self.stop(instance)

    def ask(self, instance: Instance, path: str = "/", seconds: float = 15.0) -> Response:
        return sockets.ask(
            self.app.socket(instance), path, self.server.speaks(self.build.settings), "localhost", seconds
        )

    def workers(self, instance: Instance) -> tuple[Worker, ...]:
        return self.server.workers(sockets.read_stats(self.app.stats(instance)))

    def master(self, instance: Instance) -> int:
        """The process that supervisord started as the server."""
        found = supervisord.programs(self.layout.supervisor_socket) or ()
        return next(program.pid for program in found if program.name == instance.name)

    def pids(self) -> set[int]:
        """Every process that was started for this state directory."""
        mark = f"UNCORK_HOME={self.layout.home}\0".encode()
        return {pid for pid in processes.pids() if mark in _environment(pid)}


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


@contextmanager
def house(home: Path, server: Server, venv: Path) -> Iterator[House]:
    """Begin a state directory, and end all of it."""
    layout = Layout(home, home / "run")
    app = layout.app("shop")
    build = Build(
        app="shop",
        release=0,
        directory=app.release(0),
        venv=venv,
        log=app.server_log,
        processes=2 if server.forks else 1,
        threads=server.threads,
        worker_memory=512 * 1024 * 1024,
        request_timeout=30.0,
        drain=10.0,
        backlog=128,
        settings=ServerSettings(server.name),
    )
    made = House(layout, Supervisord(sys.executable), server, build)
    made.do(
        *provision.folders(layout, "shop", root=processes.account() is not None),
        *made.supervisor.files(layout),
        *made.supervisor.begin(layout),
    )
    try:
        yield made
    finally:
        made.do(*made.supervisor.end(layout, ()))


class Asked(Thread):
    """A request under way: what came of it once it is joined."""

    def __init__(self, ask: Callable[[], Response]) -> None:
        super().__init__()
        self._ask = ask
        self.response: Response | None = None
        self.error: OSError | None = None
        self.start()

    def run(self) -> None:
        try:
            self.response = self._ask()
        except OSError as error:
            self.error = error
