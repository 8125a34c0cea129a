"""Every config that is written for nginx, ours and the system's, is one that nginx takes and gixy finds no hole in."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Final

import pytest

from tests.contract.front import system_host
from tests.contract.house import Quiet
from tests.unit.fronts.test_balancer import CASES as SECURE_BALANCERS
from tests.unit.fronts.test_balancer import SHOP
from tests.unit.fronts.test_nginx import CASES, SECURE
from tests.unit.stacks.parts import ACCOUNT, HOST, STACKS
from uncork.apply import apply
from uncork.fronts import balancer
from uncork.fronts.dialect import NEWEST
from uncork.fronts.front import Front
from uncork.fronts.nginx import Nginx
from uncork.fronts.system_nginx import SystemNginx
from uncork.layout import Layout
from uncork.machine import commands, processes, tools
from uncork.plan import Certify, Directory, File, Plan, Step
from uncork.recipes.https import certificates, settled
from uncork.serving import Address, Site

GIXY: Final = Path(sys.executable).with_name("gixy")
PASSED_OVER: Final = {
    "default_server_flag": "the first server of a port is the one for unknown names, and it comes first",
    "hsts_header": "a name with HTTPS alone for months is only for who asks for it",
    "proxy_pass_normalized": "the path goes on as nginx understood it, so that no other way to write it passes a rule",
    "return_bypasses_allow_deny": "whoever asks for a dot file or a folder may know that there is none",
}
"""What gixy would have otherwise, and why it is so."""
MAIN: Final = "events {{}}\nhttp {{\nserver_names_hash_bucket_size 128;\ninclude {site};\n}}\npid {run}/nginx.pid;\n"


@dataclass(frozen=True)
class Written:
    """A config on disk: the front's, and its main file."""

    front: Front
    layout: Layout
    main: Path

    def check(self) -> str:
        """What nginx says of it; nothing, if all is well."""
        if isinstance(self.front, Nginx):
            return commands.run(self.front.check(self.layout), processes.account())
        argv = (
            self.front.service(self.layout, Address()).argv[0],
            "-t",
            "-q",
            "-c",
            str(self.main),
            "-p",
            str(self.layout.run),
        )
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr


def holes(mains: Iterable[Path], *meant: str) -> list[str]:
    """What gixy says of configs, but for what is meant to be so."""
    argv = (str(GIXY), "-f", "json", "--skips", ",".join((*PASSED_OVER, *meant)), *map(str, mains))
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    found = [one for one in json.loads(done.stdout) if not _plain(one)]
    return [f"{one['plugin']} in {one['file']}\n{one['config']}" for one in found]


def _plain(found: dict[str, str]) -> bool:
    """An alias leads nowhere else if neither it nor its location ends with a slash; gixy looks at one of them."""
    aliases = re.findall(r"location (?:\^~ )?(\S+) \{\s*alias (\S+);", found["config"])
    return found["plugin"] == "alias_traversal" and not any(way.endswith("/") for pair in aliases for way in pair)


def _sets() -> Iterator[tuple[str, tuple[Site, ...]]]:
    yield from CASES.items()
    yield from ((name, (stack.site,)) for name, stack in STACKS.items() if stack.front.name == "nginx")


SETS: Final = dict(_sets())
BALANCERS: Final = {"http": SHOP, **SECURE_BALANCERS}


def written(place: Path, make: Callable[[Path], Front], name: str) -> Written:
    """The config of those sites, with all that nginx looks for when it checks one."""
    home = place / name
    layout, front, sites = Layout(home, home / "run"), make(home), SETS[name]
    address = settled(SECURE if any(site.tls.on for site in sites) else Address(port=18_080), sites)
    made = [step for step in certificates(layout, address, sites, frozenset(), {}).make if isinstance(step, Certify)]
    steps: tuple[Step, ...] = (
        Directory(home),
        Directory(layout.run),
        *chain.from_iterable(_given(layout, site) for site in sites),
        *(Directory(layout.app(site.app).logs, serving=True) for site in sites),
        *made,
        *front.folders(layout),
        *(file for file in front.files(layout, address, sites, ACCOUNT) if file.path.is_relative_to(home)),
    )
    apply(Plan(steps), processes.account(), Quiet())
    main = layout.front / "nginx.conf"
    if front.outside:
        main.write_text(MAIN.format(site=front.outside.files[0], run=layout.run))
    return Written(front, layout, main)


def _given(layout: Layout, site: Site) -> Iterator[Step]:
    """A certificate that a project has is any that is there."""
    if site.tls.kind == "files":
        yield Certify(layout.app(site.app).tls.given, (site.app,), layout.authority, layout.authority_key)


@pytest.fixture(scope="module")
def ours(place: Path) -> dict[str, Written]:
    """The configs of the embedded nginx, which is where the account that serves can get to it."""
    account, binary = processes.account(), tools.nginx()
    if account and not processes.reachable(binary, account):
        binary = shutil.copy(binary, place / "nginx-binary")
    return {name: written(place / "configs", lambda _: Nginx(binary), name) for name in SETS}


@pytest.fixture(scope="module")
def theirs(place: Path) -> dict[str, Written]:
    """The configs of the system's nginx, if there is one; it keeps no responses."""
    return {
        name: written(place / "system", lambda home: SystemNginx(system_host(home), "_1"), name)
        for name in SETS
        if name != "cache"
    }


def test_the_embedded_nginx_takes_every_config(ours: dict[str, Written]) -> None:
    assert not {name: said for name, config in ours.items() if (said := config.check())}


def test_the_system_s_nginx_takes_every_config(theirs: dict[str, Written]) -> None:
    assert not {name: said for name, config in theirs.items() if (said := config.check())}


@pytest.mark.parametrize("name", BALANCERS)
@pytest.mark.parametrize("binary", ["ours", "theirs"])
def test_nginx_takes_every_config_of_a_balancer_and_gixy_finds_no_hole(place: Path, name: str, binary: str) -> None:
    home = place / f"balancer-{name}-{binary}"
    layout = Layout(home, home / "run")
    host = system_host(home) if binary != "ours" else replace(HOST, binary=tools.nginx(), dialect=NEWEST)
    kept, keys = layout.balancer_tls("my-shop"), (layout.authority, layout.authority_key)
    balanced = BALANCERS[name]
    # nginx looks for the hosts' addresses itself.
    balanced = replace(balanced, hosts=tuple((one, f"127.0.0.1:{n}") for n, (one, _) in enumerate(balanced.hosts, 1)))
    site = balancer.config(layout, replace(host, folder=str(home)), balanced)
    main = File(home / "nginx.conf", MAIN.format(site=site.path, run=layout.run))
    made = (Certify(path, balanced.certified, *keys) for path in (kept.given, kept.own(balanced.certified)))
    steps = (Directory(layout.run), *made, File(kept.passphrase, "x\n", 0o600), site, main)
    apply(Plan(steps), None, Quiet())
    argv = (host.binary, "-t", "-q", "-c", str(main.path), "-p", str(layout.run), "-e", "stderr")
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.stdout + done.stderr, done.returncode) == ("", 0)
    # Which names there are is known to each host; a balancer passes on what was asked for.
    assert not holes([main.path], "host_spoofing")


def test_gixy_finds_no_hole_in_any_config(ours: dict[str, Written]) -> None:
    assert not holes(config.main for config in ours.values())


def test_gixy_finds_no_hole_in_any_config_of_the_system_s_nginx(theirs: dict[str, Written]) -> None:
    assert not holes(config.main for config in theirs.values())


def test_gixy_would_find_one(ours: dict[str, Written]) -> None:
    """It reads what is included, and what is passed over is no more than that."""
    config = ours["default"]
    app = config.layout.front / "apps" / "guestbook.conf"
    whole = app.read_text()
    app.write_text(f"{whole}location /i {{ alias /srv/; }}\n")
    assert holes([config.main])
    app.write_text(whole)
