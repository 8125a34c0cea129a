"""`make bench`: measure uncork beside its peers, print the tables, and with --write keep them in RESULTS.md."""

import argparse
import os
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench import cache, costs, deploys, errors, hosting, machines, records, servers, serving, wrk
from bench.machine import describe, free_port
from bench.ours import Uncork
from bench.peers import REQUIREMENTS, SERVERS, Peer, environment
from bench.table import Table

PARTS: Final = ("serving", "servers", "cache", "records", "errors", "deploys", "machines", "costs", "hosting")
MEANINGFUL: Final = ("PYTHON", "UNCORK_", "FLASK_", "GUNICORN_", "GRANIAN_", "UWSGI_")
RESULTS: Final = Path(__file__).parent / "RESULTS.md"


def main() -> None:
    """Measure what was asked for."""
    asked = _arguments()
    wrk.check()
    _forget()
    machine, tables = describe(), []
    print(machine, end="\n\n")
    with tempfile.TemporaryDirectory(prefix="uncork-bench-") as name, _ours(Path(name)) as ours:
        for table in _measure(asked.only or PARTS, asked.rounds, ours, Path(name)):
            print(table, flush=True)
            tables.append(table)
    if asked.write:
        RESULTS.write_text(_document(machine, tables))


def _forget() -> None:
    """Take out what this shell may tell Python, Flask or uncork: everybody starts as on a machine of their own."""
    for name in [name for name in os.environ if name.startswith(MEANINGFUL)]:
        del os.environ[name]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=PARTS, help="may be said several times; all if never")
    parser.add_argument("--rounds", type=int, default=3, help="how often each thing is measured (3)")
    parser.add_argument("--write", action="store_true", help="keep the tables in bench/RESULTS.md")
    return parser.parse_args()


@contextmanager
def _ours(folder: Path) -> Iterator[Uncork]:
    """uncork, deployed; its first deploy warms uv's cache."""
    folder.chmod(0o755)  # as root, what serves is another account
    ours = Uncork(folder / "uncork", free_port())
    try:
        ours.start()
        yield ours
    finally:
        ours.stop()


def _measure(parts: Collection[str], rounds: int, ours: Uncork, folder: Path) -> Iterator[Table]:
    venv = environment(folder, ours.python())
    if "serving" in parts:
        peers = tuple(Peer(server, folder / f"serving-{at}", free_port(), venv) for at, server in enumerate(SERVERS))
        yield from serving.measure(ours, peers, venv, rounds)
    if "servers" in parts:
        yield from servers.measure(folder, rounds)
    if "cache" in parts:
        yield from cache.measure(ours, folder, rounds)
    if "records" in parts:
        yield from records.measure(folder, rounds)
    if "errors" in parts:
        yield from errors.measure(folder, rounds)
    if "deploys" in parts:
        yield from deploys.measure(ours, folder, venv, rounds)
    if "machines" in parts:
        yield from machines.measure(folder, rounds)
    if "costs" in parts:
        yield from costs.measure(folder)
    if "hosting" in parts:
        yield from hosting.measure(folder)


def _document(machine: str, tables: list[Table]) -> str:
    pins = ", ".join(line for line in REQUIREMENTS.read_text().splitlines() if not line.startswith("#"))
    head = f"# Results\n\nWritten by `{' '.join(('python -m bench', *sys.argv[1:]))}`; rows as they came out.\n\n"
    return f"{head}{machine}; {pins}; user {os.geteuid()}.\n\n" + "\n".join(map(str, tables))


if __name__ == "__main__":
    main()
