"""Every way of breaking a project that a deploy must refuse, and what it must say of each."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.e2e.state import rewrite


@dataclass(frozen=True)
class Breakage:
    """A way to break a copy of `hello`.

    `says` are texts that the message must hold, where `{last}` is the number of the module's last line.
    """

    name: str
    break_it: Callable[[Path], None]
    says: tuple[str, ...]


def at_the_end(text: str) -> Callable[[Path], None]:
    """Appends to the app's module."""

    def break_it(project: Path) -> None:
        app = project / "app.py"
        app.write_text(f"{app.read_text()}\n{text}\n")

    return break_it


def in_the_view(text: str) -> Callable[[Path], None]:
    """Replaces what `/` does."""

    def break_it(project: Path) -> None:
        after = '\n\n\n@app.get("/slow")'
        rewrite(project / "app.py", f"    return named(){after}", f"    {text}{after}")

    return break_it


def with_config(line: str, then: Callable[[Path], None]) -> Callable[[Path], None]:
    """Adds a line of config, and breaks the app."""

    def break_it(project: Path) -> None:
        config = project / "pyproject.toml"
        config.write_text(f"{config.read_text()}{line}\n")
        then(project)

    return break_it


def by_factory(project: Path) -> None:
    """Makes the app in a factory that fails."""
    rewrite(project / "app.py", "app = Flask(__name__)", "real = app = Flask(__name__)")
    at_the_end(
        "def create_app(config_name):\n    return open_database(config_name)\n\n\n"
        "def open_database(name):\n    raise ConnectionError(f'no database for {name}')\n\n\ndel app"
    )(project)
    with_config('app = "app:create_app"', lambda _: None)(project)


def by_requirement(project: Path) -> None:
    """Asks for a distribution that nobody has published."""
    requirements = project / "requirements.txt"
    requirements.write_text(f"{requirements.read_text()}no-such-distribution-of-uncork==1.0\n")


def by_port(project: Path) -> None:
    """Binds a port of its own when it is imported, as a metrics exporter does, and somebody has it."""
    at_the_end(f"import socket\nlistener = socket.socket()\nlistener.bind(('127.0.0.1', {HELD_PORT}))")(project)


_held = socket.socket()
_held.bind(("127.0.0.1", 0))
_held.listen()
HELD_PORT: Final = _held.getsockname()[1]

# Only a server has a runtime folder: the import that proves a release goes well.
SERVED: Final = "'UNCORK_RUN' in os.environ"
SOON: Final = 'boot_deadline = "3s"'

BREAKAGES: Final = (
    Breakage("syntax error", at_the_end("def half(:"), ("SyntaxError", "app.py", "def half(:")),
    Breakage(
        "import error", at_the_end("from flask import flusk"), ("ImportError: cannot import name 'flusk'", "app.py")
    ),
    Breakage("missing dependency", at_the_end("import requests"), ("requests", "app.py:{last}")),
    Breakage("exception in the factory", by_factory, ("ConnectionError: no database for production", "open_database")),
    Breakage("exit at import", at_the_end("raise SystemExit('I would rather not')"), ("I would rather not",)),
    Breakage("hang at import", with_config(SOON, at_the_end("time.sleep(600)")), ("3",)),
    Breakage("hang at boot", with_config(SOON, at_the_end(f"time.sleep(600 if {SERVED} else 0)")), ("3",)),
    Breakage("death at boot", at_the_end(f"assert not {SERVED}, 'not here'"), ("AssertionError: not here",)),
    Breakage(
        "health 500", in_the_view("raise ZeroDivisionError('of health')"), ("500", "ZeroDivisionError: of health")
    ),
    Breakage("health hang", with_config(SOON, in_the_view("time.sleep(600)")), ("3",)),
    Breakage("a port that is taken", by_port, ("Address already in use", "listener.bind")),
    Breakage("a requirement that nobody has", by_requirement, ("no-such-distribution-of-uncork",)),
)
