"""The smallest releases, facts and supervisors that a decision can be made from."""

from dataclasses import replace
from pathlib import Path

from uncork.fronts.front import Front
from uncork.layout import Layout
from uncork.model import Account, AppFacts, Facts, Instance, Machine, Program, Release
from uncork.plan import Call, Directory, File, Run, Step, Watched
from uncork.serving import Address, Protocol, Service, Site
from uncork.supervisors.supervisor import Supervisor

LAYOUT = Layout(Path("/state"), Path("/state/run"))
MACHINE = Machine(cpus=2, memory_bytes=4 * 2**30, free_bytes=2**40, backlog=4096)
SOCKET = LAYOUT.supervisor_socket


def release(number: int = 1, app: str = "shop", site: Site | None = None) -> Release:
    return Release(
        id=number,
        app=app,
        environment="production",
        created="2026-01-01T00:00:00Z",
        source_digest="",
        lock="",
        python="3.11.2",
        server="uwsgi",
        venv=f"/state/apps/{app}/venvs/abc",
        service=Service(("uwsgi",), "/", Protocol.UWSGI),
        site=site or Site(app, Protocol.UWSGI),
        processes=2,
    )


def app_facts(name: str = "shop", live: int | None = 1, **more: object) -> AppFacts:
    if live is None:
        return AppFacts(name, **more)  # type: ignore[arg-type]
    program = Program(f"{name}.{live}.1", "RUNNING", 100)
    facts = AppFacts(name, Instance(name, live), (release(live, name),), (program,), next_release=live + 1)
    return replace(facts, **more)  # type: ignore[arg-type]


def facts(*apps: AppFacts, front: bool = True, supervising: bool = True) -> Facts:
    programs = tuple(program for app in apps for program in app.programs)
    front_program = (Program("front", "RUNNING", 99),) if front else ()
    return Facts(MACHINE, None, Address(), apps, supervising, (*programs, *front_program), front=NamedFront.name)


# ruff: noqa: ARG002 -- the fakes say what they are asked, not what with


class NamedSupervisor(Supervisor):
    """Says in one step a method what the real one says in several."""

    name = "named"

    def files(self, layout: Layout) -> tuple[File, ...]:
        return (File(layout.supervisor_config, ""),)

    def folders(self, layout: Layout) -> tuple[Path, ...]:
        return (layout.programs,)

    def instance(self, path: Path) -> Instance | None:
        return Instance.parse(path.stem)

    def begin(self, layout: Layout) -> tuple[Step, ...]:
        return (Call(layout.supervisor_socket, "begin"),)

    def end(self, layout: Layout, instances: tuple[Instance, ...]) -> tuple[Step, ...]:
        return (Call(layout.supervisor_socket, "end"),)

    def place(self, layout: Layout, instance: Instance, service: Service, account: Account | None) -> tuple[Step, ...]:
        return (Call(layout.supervisor_socket, "place", (instance.name,)),)

    def start(self, layout: Layout, instance: Instance, service: Service, account: Account | None) -> tuple[Step, ...]:
        return (Call(layout.supervisor_socket, "start", (instance.name,)),)

    def stop(self, layout: Layout, instance: Instance, seconds: float) -> tuple[Step, ...]:
        return (Call(layout.supervisor_socket, "stop", (instance.name,)),)

    def watched(self, layout: Layout, instance: Instance) -> Watched:
        return Watched(instance.name, layout.supervisor_socket)

    def start_front(
        self, layout: Layout, service: Service, address: Address, account: Account | None, *, again: bool = True
    ) -> tuple[Step, ...]:
        place = f"{address.bind}:{address.port}"
        return (Call(layout.supervisor_socket, "start_front", (place,) if again else (place, "if it is not there")),)

    def agent_files(self, layout: Layout, account: Account | None, apps: tuple[str, ...] = ()) -> tuple[File, ...]:
        return (File(layout.programs / "agent.conf", f"of {layout.home}"),)

    def start_agent(self, layout: Layout, account: Account | None, apps: tuple[str, ...] = ()) -> tuple[Step, ...]:
        return (Call(layout.supervisor_socket, "start_agent"),)

    def stop_front(self, layout: Layout) -> tuple[Step, ...]:
        return (Call(layout.supervisor_socket, "stop_front"),)

    def reload_front(self, layout: Layout) -> tuple[Step, ...]:
        return (Call(layout.supervisor_socket, "reload_front"),)


class NamedFront(Front):
    """A front whose config is a line a site."""

    name = "named"

    def folders(self, layout: Layout) -> tuple[Directory, ...]:
        return (Directory(layout.front_run),)

    def files(
        self, layout: Layout, address: Address, sites: tuple[Site, ...], account: Account | None
    ) -> tuple[File, ...]:
        return tuple(File(layout.front / "apps" / f"{site.app}.conf", str(site)) for site in sites)

    def service(self, layout: Layout, address: Address) -> Service:
        return Service(("front",), "/", Protocol.HTTP)

    def check(self, layout: Layout) -> Run:
        return Run(("front", "-t"), "check the front's config")


def said(steps: tuple[Step, ...]) -> list[str]:
    """The steps as words: what a call says, or the class and the path."""
    return [
        " ".join((step.method, *map(str, step.params)))
        if isinstance(step, Call)
        else f"{type(step).__name__} {getattr(step, 'path', '')}".strip()
        for step in steps
    ]
