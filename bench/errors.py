"""What errors cost other visitors: p99 of a page while another fails, with mail to a server that says nothing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.load.client import GET, Load, Schedule

from bench.machine import free_port, median
from bench.ours import Uncork
from bench.table import Table

RATE: Final = 200.0
FAILURES: Final = 20.0
SECONDS: Final = 10.0
MAIL: Final = '\n[mail]\nserver = "127.0.0.1"\nport = {port}\nuse_tls = false\nadmins = ["admin@example.com"]\n'
FAIL: Final = "/fail"
MEANT: Final = 1.0


def measure(folder: Path, rounds: int) -> tuple[Table, ...]:
    """Load two deployed apps in turn: one that mails nobody, and one whose mail server accepts and is silent."""
    quiet, mailing = (Uncork(folder / f"errors-{name}", free_port()) for name in ("quiet", "mailing"))
    seen: list[tuple[float, float]] = []
    with _silent() as port:
        with (mailing.project / "uncork.toml").open("a") as config:
            config.write(MAIL.format(port=port))
        try:
            quiet.start()
            mailing.start()
            seen.extend((_p99(quiet), _p99(mailing)) for _ in range(rounds))
        finally:
            quiet.stop()
            mailing.stop()
    return (_table(seen),)


@contextmanager
def _silent() -> Iterator[int]:
    """The port of a server that accepts whoever comes, and says nothing."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            with suppress(OSError):  # it was shut down
                while True:
                    held.append(server.accept()[0])

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield int(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for one in held:
            one.close()


def _p99(ours: Uncork) -> float:
    """Milliseconds, of a page, while another one fails twenty times a second."""
    with Load(Schedule(ours.port, RATE, (GET,))) as load:
        ended = threading.Event()
        failing = threading.Thread(target=_fail, args=(ours, ended))
        failing.start()
        ended.wait(SECONDS)
        ended.set()
        failing.join()
    return load.result.latency(99) * 1e3


def _fail(ours: Uncork, ended: threading.Event) -> None:
    while not ended.wait(1 / FAILURES):
        ours.get(FAIL)


def _table(seen: list[tuple[float, float]]) -> Table:
    rows = (
        ("mail to nobody", f"{median(quiet for quiet, _ in seen):.2f}", "0.00"),
        (
            "mail to a server that is silent",
            f"{median(mailing for _, mailing in seen):.2f}",
            f"{median(mailing - quiet for quiet, mailing in seen):+.2f}",
        ),
    )
    note = f"{RATE:.0f} requests/s, and {FAILURES:.0f} errors a second beside them; less than {MEANT:.0f} ms is meant."
    return Table("Errors", ("", "p99, ms", "difference, ms"), rows, (note,))
