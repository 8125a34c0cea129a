"""How a machine becomes what it was before it was set up: all of ours goes, but the logs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from uncork.plan import Remove, Run
from uncork.recipes.accounts import COMMENT
from uncork.recipes.setup.change import APT_TIME, Change
from uncork.recipes.setup.record import PLACE, Machine
from uncork.recipes.setup.seen import Seen
from uncork.recipes.setup.wanted import BEFORE, CURRENT, LOGS, SETTINGS, UNITS

STOP_TIME: Final = 120.0
PUT_BACK: Final = """cd /etc && sha256sum --status -c "$1/sums" || exit 0
for name in passwd group shadow gshadow; do
  if [ -e "$1/$name-" ]; then cp -a "$1/$name-" . ; else rm -f $name-; fi
done
"""
SWEEP: Final = """cd "$1" || exit 0
for unit in uncork-*.service uncork-*.socket uncork-*.timer; do [ ! -e "$unit" ] || systemctl stop "$unit"; done
rm -rf uncork.slice uncork-*.service uncork-*.socket uncork-*.timer uncork-*.slice *.wants/uncork-*
rm -rf uncork-*.service.d uncork-*.slice.d *.d/00-uncork.conf /var/lib/systemd/timers/stamp-uncork-*
systemctl daemon-reload; systemctl stop uncork.slice; systemctl reset-failed 'uncork*' 2>/dev/null; exit 0
"""
TIDY: Final = 'for folder; do [ ! -d "$folder" ] || rmdir --ignore-fail-on-non-empty "$folder"; done'
# What comes after another setup is written by other users; the audit is root's, and goes on.
KEEP_LOGS: Final = """cd "$1" || exit 0
kept=removed-$(date -u +%Y%m%dT%H%M%S); mkdir -p -m 700 "$kept"
for name in *; do case $name in audit.log | removed-*) ;; *) mv "$name" "$kept/" ;; esac; done
chown -R root:root .
"""
DISMISS: Final = """userdel --force "$1" && { ! getent group "$1" > /dev/null || groupdel "$1"; }"""
UNSITE: Final = (
    """rm -f "$@"; [ "$(systemctl is-active nginx)" != active ] || { nginx -t -q && systemctl reload nginx; }"""
)


def removal(seen: Seen, machine: Machine) -> tuple[Change, ...]:
    """Return what takes back all that was changed; what can't be taken back is told, and the rest is."""
    return (
        *_stop(seen),
        *_units(),
        *_sites(seen),
        *_nginx(seen, machine),
        *_accounts(seen, machine),
        *_paths(machine),
    )


def _stop(seen: Seen) -> Iterator[Change]:
    if str(CURRENT) in seen.paths:
        down = Run((str(CURRENT / "bin" / "uncork"), "down"), "stop what uncork serves", STOP_TIME)
        names = f" ({', '.join(seen.apps)})" if seen.apps else ""
        yield Change(
            "stop", f"stop all that uncork serves{names}, and take its site from nginx", (down,), tolerant=True
        )


def _units() -> Iterator[Change]:
    sweep = Run(("sh", "-c", SWEEP, "sh", str(UNITS)), "remove the units", STOP_TIME)
    yield Change("units", f"remove uncork's units from {UNITS}", (sweep,))


def _sites(seen: Seen) -> Iterator[Change]:
    """What `down` takes away by itself, where it could."""
    if seen.own_sites:
        run = Run(("sh", "-c", UNSITE, "sh", *seen.own_sites), "take uncork's sites from nginx")
        yield Change("sites", f"remove {', '.join(seen.own_sites)}", (run,), tolerant=True)


def _nginx(seen: Seen, machine: Machine) -> Iterator[Change]:
    """What it was before, unless others have come to rely on it."""
    packages = machine.undo.packages
    if seen.sites and (packages or machine.undo.nginx):
        keep = f"leave nginx as it is, for {', '.join(seen.sites)}"
        yield Change("nginx", keep, ())
        return
    if packages:
        if "nginx" in packages:
            yield Change("nginx", "stop nginx", (Run(("systemctl", "stop", "nginx.service"), "stop nginx"),))
        purge = Run(("dpkg", "--purge", *packages), "remove packages", APT_TIME)
        yield Change("packages", f"remove the packages {' '.join(packages)}", (purge,), tolerant=True)
    if "nginx" in packages:
        return
    if "runs" in machine.undo.nginx:
        yield Change("nginx", "stop nginx", (Run(("systemctl", "stop", "nginx.service"), "stop nginx"),))
    if "enabled" in machine.undo.nginx:
        run = Run(("systemctl", "--quiet", "disable", "nginx.service"), "have nginx not started at boot")
        yield Change("nginx", "have nginx not started at boot", (run,))


def _accounts(seen: Seen, machine: Machine) -> Iterator[Change]:
    """An app's user is known by the comment that it was made with."""
    for one in seen.accounts.values():
        if one.name in machine.undo.users or one.comment.endswith(COMMENT):
            run = Run(("sh", "-c", DISMISS, "sh", one.name), f"remove the user {one.name}")
            yield Change("users", f"remove the user {one.name} and its group", (run,))
    if machine.undo.users:
        own = Run(("sh", "-c", KEEP_LOGS, "sh", str(LOGS)), "put the logs aside")
        back = Run(("sh", "-c", PUT_BACK, "sh", str(BEFORE)), "have the lists of users as they were")
        yield Change("logs", f"put the logs aside in {LOGS}/removed-..., for root", (own, back), tolerant=True)


def _paths(machine: Machine) -> Iterator[Change]:
    """The record goes last: until then it is known what is to be done."""
    own = (path for path in map(Path, machine.undo.paths) if path != SETTINGS)
    folders = tuple(reversed(machine.undo.folders))
    empty = (Run(("sh", "-c", TIDY, "sh", *folders), "remove the folders that are empty"),) if folders else ()
    yield Change("files", "remove its files and folders", (*map(Remove, own), Remove(Path("/run/uncork")), *empty))
    yield Change("record", f"remove {PLACE}", (Remove(SETTINGS),))
