"""systemd, on a machine set up for serving: a service and its socket for each run of a release, and the agent."""

from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import ClassVar, Final

from uncork.app_layout import account_name
from uncork.errors import UsageError
from uncork.layout import Layout
from uncork.model import Account, Instance
from uncork.plan import File, Link, Remove, Step, Units, Watched
from uncork.rendering import render
from uncork.serving import Address, Service
from uncork.supervisors import units
from uncork.supervisors.supervisor import Supervisor

PATIENCE: Final = 60.0
MARGIN: Final = 15.0
RUN: Final = Path("/run")
"""What RuntimeDirectory= is in."""


@dataclass(frozen=True)
class Systemd(Supervisor):
    """The systemd that the machine runs by; `python` is an interpreter that can import uncork.

    `code` is what tells this uncork from another. Nobody needs to be told to whom an instance belongs: every app has a
    user of its own.
    """

    python: str
    code: str = ""
    name: ClassVar[str] = "systemd"

    def files(self, layout: Layout) -> tuple[File, ...]:  # noqa: ARG002 -- it is the machine's
        """None: its config is the machine's."""
        return ()

    def folders(self, layout: Layout) -> tuple[Path, ...]:
        """The machine's own units, and what is started at boot."""
        return (layout.programs, _boot(layout))

    def instance(self, path: Path) -> Instance | None:
        """A unit's, or a link to one."""
        return units.instance(path.name)

    def begin(self, layout: Layout) -> tuple[Step, ...]:  # noqa: ARG002 -- it runs
        """None: without it nothing runs on the machine."""
        return ()

    def end(self, layout: Layout, instances: tuple[Instance, ...]) -> tuple[Step, ...]:
        """All at once, and they don't come back with the next boot."""
        names = tuple(name for instance in instances for name in _names(instance))
        return (
            *(step for instance in instances for step in self.forget(layout, instance)),
            Remove(_boot(layout) / units.AGENT_UNIT),
            Units("stop", (*names, units.AGENT_UNIT), "stop the servers", PATIENCE + MARGIN),
        )

    def place(self, layout: Layout, instance: Instance, service: Service, account: Account | None) -> tuple[Step, ...]:  # noqa: ARG002 -- whose it is follows from the app
        """Its two units; the folders of its socket and of its own files are made with them."""
        service_text = _service(layout, instance, service)
        socket_text = render(
            __package__,
            "instance.socket.j2",
            units.line,
            instance=instance,
            app=layout.app(instance.app),
            account=account_name(instance.app),
            slice=units.app_slice(instance.app),
        )
        return (
            File(layout.programs / units.socket(instance), socket_text),
            File(layout.programs / units.service(instance), service_text),
        )

    def start(self, layout: Layout, instance: Instance, service: Service, account: Account | None) -> tuple[Step, ...]:
        """It is not waited for: whoever asks it whether it is up sees more."""
        return (*self.place(layout, instance, service, account), Units("start", _names(instance), "start the server"))

    def keep(self, layout: Layout, instance: Instance) -> tuple[Step, ...]:
        """What `systemctl enable` would make."""
        return tuple(Link(_boot(layout) / name, str(layout.programs / name)) for name in _names(instance))

    def forget(self, layout: Layout, instance: Instance) -> tuple[Step, ...]:
        """What `systemctl disable` would remove."""
        return tuple(Remove(_boot(layout) / name) for name in _names(instance))

    def settle(self) -> tuple[Step, ...]:
        """It remembers what is enabled, and units that are gone, until it reads all again."""
        return (Units("daemon-reload", ()),)

    def stop(self, layout: Layout, instance: Instance, seconds: float) -> tuple[Step, ...]:
        """First it is not for the next boot any more, whatever happens next."""
        verb = "stop" if seconds > 0 else "kill"
        app = layout.app(instance.app)
        most = max(seconds, PATIENCE) + MARGIN
        return (
            *self.forget(layout, instance),
            Units(verb, _names(instance), "stop the server", most, app.stats(instance)),
            *(Remove(layout.programs / name) for name in _names(instance)),
            Remove(app.instance(instance)),
        )

    def watched(self, layout: Layout, instance: Instance) -> Watched:  # noqa: ARG002 -- there is one systemd
        """It is asked about the service."""
        return Watched(units.service(instance))

    def start_front(
        self,
        layout: Layout,  # noqa: ARG002
        service: Service,  # noqa: ARG002
        address: Address,  # noqa: ARG002
        account: Account | None,  # noqa: ARG002
        *,
        again: bool = True,  # noqa: ARG002
    ) -> tuple[Step, ...]:
        """Raise UsageError: the front is one that the machine runs."""
        raise UsageError(
            "on a machine set up for serving the machine's own nginx is the front",
            'take `front` out of the config, or write `front = "system-nginx"`',
        )

    def stop_front(self, layout: Layout) -> tuple[Step, ...]:  # noqa: ARG002 -- there never is one
        """None: there is no front of ours."""
        return ()

    def reload_front(self, layout: Layout) -> tuple[Step, ...]:  # noqa: ARG002 -- there never is one
        """None: there is no front of ours."""
        return ()

    def agent_files(self, layout: Layout, account: Account | None, apps: tuple[str, ...] = ()) -> tuple[File, ...]:
        """Its unit. It names the apps, since a process keeps the groups that it had when it was started."""
        argv = (self.python, "-m", "uncork.agent", "--home", str(layout.home), "--run", str(layout.run))
        log = ("--log", str(layout.log)) if layout.log else ()
        text = render(
            __package__,
            "agent.service.j2",
            units.line,
            argv=" ".join(units.word(word) for word in (*argv, *log)),
            account=account.name if account else "root",
            apps=apps,
            code=self.code,
            layout=layout,
            writable=" ".join(units.setting(str(path)) for path in (layout.home, layout.logs)),
        )
        return (File(layout.programs / units.AGENT_UNIT, text),)

    def start_agent(self, layout: Layout, account: Account | None, apps: tuple[str, ...] = ()) -> tuple[Step, ...]:
        """One that runs is replaced."""
        name = units.AGENT_UNIT
        return (
            *self.agent_files(layout, account, apps),
            Link(_boot(layout) / name, str(layout.programs / name)),
            Units("restart", (name,), "start the agent"),
        )


def _names(instance: Instance) -> tuple[str, str]:
    return units.socket(instance), units.service(instance)


def _boot(layout: Layout) -> Path:
    return layout.programs / "multi-user.target.wants"


def _service(layout: Layout, instance: Instance, service: Service) -> str:
    app = layout.app(instance.app)
    own = (
        ("LANG", "C.UTF-8"),
        ("UNCORK_HOME", str(layout.home)),
        ("UNCORK_RUN", str(app.own(instance))),
        ("UNCORK_APP", instance.app),
        ("UNCORK_RELEASE", str(instance.release)),
    )
    return render(
        __package__,
        "instance.service.j2",
        units.line,
        instance=instance,
        service=service,
        app=app,
        account=account_name(instance.app),
        socket=units.socket(instance),
        slice=units.app_slice(instance.app),
        argv=" ".join(units.word(word) for word in (str(app.server_log), *service.argv)),
        env=tuple(units.setting(f"{name}={value}") for name, value in (*own, *service.env)),
        layout=layout,
        folder=units.word(str(app.own(instance))),
        runtime=app.own(instance).relative_to(RUN),
        stop=max(1, ceil(service.stop_seconds)),
        cpu=ceil(service.limits.cpu * 100),
        writable=" ".join(units.setting(str(path)) for path in (app.instance_data, app.logs, app.alerts)),
    )
