"""An app on a machine, as whoever deploys it and its visitors see it."""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from tests.e2e.lab.client import Client
from tests.e2e.lab.machines import Machine
from tests.e2e.state import Done, Json, Reply, copied, eventually, rewrite
from tests.load.client import Load, Schedule, Shot

SOON: Final = 30.0
"""Seconds in which all has to be well again, whatever happened."""


@dataclass
class Site:
    """The app `hello` of a project, which is deployed to one machine; what it says, and what it said when deployed."""

    client: Client
    machine: Machine
    project: Path
    text: str = "one"
    serves: str = "one"

    @property
    def host(self) -> tuple[str, str]:
        """The option that leads a verb to the machine."""
        return "--host", self.machine.name

    def deploy(self, *options: str) -> Done:
        """Deploy the project as it is."""
        done = self.client.run("deploy", *self.host, *options, cwd=self.project)
        self.serves = self.text if done.code == 0 else self.serves
        return done

    def change(self, text: str) -> None:
        """Have the app say something else, from the next deploy on."""
        rewrite(self.project / "app.py", f'"{self.text}"', f'"{text}"')
        self.text = text

    def run(self, *args: str) -> Done:
        """Run a verb of the app on the machine."""
        return self.client.run(args[0], *self.host, *args[1:], cwd=self.project)

    def get(self, path: str = "/") -> Reply:
        """GET a path of the site, by the machine's address."""
        connection = http.client.HTTPConnection(self.machine.address, 80, timeout=5)
        try:
            connection.request("GET", path, headers={"Host": self.machine.name})
            response = connection.getresponse()
            return Reply(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def healthy(self) -> bool:
        """Whether visitors are answered by the release that they should be."""
        with suppress(OSError, http.client.HTTPException):
            reply = self.get()
            return reply.status == 200 and f"text {self.serves} " in reply.text
        return False

    def well(self, after: float) -> float:
        """Seconds from that moment until it is healthy, and is at once asked 20 times more."""
        eventually(self.healthy, within=SOON)
        took = time.monotonic() - after
        assert all(self.healthy() for _ in range(20))
        return took

    def status(self) -> Json:
        """What the machine's own uncork says of the app."""
        apps = json.loads(self.machine.sh("uncork status --json"))["apps"]
        return cast("Json", next(app for app in apps if app["name"] == "hello"))

    def load(self, rate: float = 200.0, *shots: Shot) -> Load:
        """Requests at that rate while a `with` block runs."""
        more = {"shots": shots} if shots else {}
        return Load(Schedule(80, rate, host=self.machine.address, name=self.machine.name, **more))

    def units(self, kind: str = "service") -> list[str]:
        """The units of uncork's on the machine that run."""
        listed = self.machine.sh(f"systemctl list-units --plain --no-legend --state=active 'uncork*.{kind}'")
        return [line.split()[0] for line in listed.splitlines()]


@contextmanager
def site(client: Client, machine: Machine) -> Iterator[Site]:
    """The project `hello`, deployed once."""
    found = Site(client, machine, copied("hello", client.home / "hello"))
    found.deploy().ok()
    yield found
