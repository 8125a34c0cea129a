"""Apache as the supervisor would start it, before servers that answer with what they were asked."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.contract.front import Running, Upstream
from tests.contract.house import Quiet
from tests.e2e.state import eventually, free_port
from uncork.apply import apply
from uncork.errors import UsageError
from uncork.fronts.apache import Apache
from uncork.layout import Layout
from uncork.machine import apache as system
from uncork.machine import processes, sockets
from uncork.plan import Plan
from uncork.recipes import provision
from uncork.recipes.address import settled
from uncork.recipes.front import Served
from uncork.serving import Address, Protocol, Site
from uncork.workflows.https import secured


def found() -> Apache:
    """The system's Apache; where there is none the test is skipped, and says so."""
    try:
        return Apache(system.find())
    except UsageError as missing:
        pytest.skip(f"{missing.problem}: {missing.fix}")


def answers(port: int) -> bool:
    """Whether anybody answers at all."""
    try:
        return bool(sockets.ask_front("127.0.0.1", port, "localhost", "/", 5.0).status)
    except OSError:
        return False


@contextmanager
def front(
    home: Path, sites: tuple[Site, ...], begin: Callable[[Path, Protocol], object] = Upstream
) -> Iterator[Running]:
    """Apache; `begin` starts each app's server."""
    layout, apache, account = Layout(home, home / "run"), found(), processes.account()
    address = settled(Address(port=free_port()), sites)
    folders = [provision.folders(layout, site.app, root=account is not None) for site in sites]
    steps = [*(step for some in folders for step in some), *apache.folders(layout)]
    certificates = secured(layout, Served(address, sites)).make
    files = apache.files(layout, address, sites, account)
    apply(Plan((*steps, *certificates, *files, apache.check(layout))), account, Quiet())
    for site in sites:
        begin(layout.app(site.app).entrance(site.speaks), site.speaks)
    service = apache.service(layout, address)
    identity = {"user": account.uid, "group": account.gid, "extra_groups": ()} if account else {}
    with subprocess.Popen(  # type: ignore[call-overload]
        service.argv, env={**os.environ, **dict(service.env)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        **identity,
    ) as process:  # fmt: skip
        try:
            eventually(lambda: answers(address.port))
            yield Running(layout, address.port, address.tls_port, buffers=False)
        finally:
            process.terminate()
            process.wait(30)
