"""The values of `config set`: secrets and settings of an app that are in no file of the project."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from uncork.app_layout import AppLayout
from uncork.apply import apply
from uncork.config import load
from uncork.config.holder import OWN_FILE, PYPROJECT
from uncork.config.values import shown
from uncork.errors import UsageError, UserError
from uncork.layout import Layout
from uncork.machine import files, processes
from uncork.plan import File, Plan
from uncork.recipes import provision
from uncork.recipes.choose import choose
from uncork.report import Silent
from uncork.workflows.accounts import account_of, prepare
from uncork.workflows.apps import deployed, named
from uncork.workflows.audit import audited
from uncork_runtime.env import LINE

LONGEST: Final = 64 * 1024
WAIT: Final = 10.0
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_HEAD: Final = "# Written by `uncork config`: NAME=JSON string, one a line.\n"
_PROJECT: Final = (OWN_FILE, PYPROJECT, "requirements.txt", "app.py", "wsgi.py", ".flaskenv")


def owner(layout: Layout, asked: str | None, here: Path) -> str:
    """Return the app whose values are meant: the asked one, the only one, or before any `up` the project `here`."""
    names = deployed(layout)
    if asked is not None:
        return named(asked)
    if not names and any((here / name).is_file() for name in _PROJECT):
        texts = {name: files.read(here / name) for name in (OWN_FILE, PYPROJECT) if (here / name).is_file()}
        return load(texts, "production", here.resolve().name).name
    return choose(names, None)


def read(path: Path) -> dict[str, str]:
    """Return the values in a file, in its order; none if it is not there. Raises UsageError, naming no value."""
    if not path.exists():
        return {}
    return dict(pair for number, line in enumerate(_lines(path), 1) if (pair := _pair(line, path, number)))


def change(layout: Layout, app: str, values: Mapping[str, str | None]) -> None:
    """Set values, or with None take them away; other writers wait, and readers see all or nothing of it.

    Raises UsageError for a name or a value that can't be in an environment, and for taking away what is not there.
    """
    for name, value in values.items():
        _check(name, value)
    paths = layout.app(app)
    _all_there(read(paths.secrets), [name for name, value in values.items() if value is None])
    with audited(layout, app, _told(values), Silent()):
        _write(layout, app, values)


@contextmanager
def tried(layout: Layout, app: str, values: Mapping[str, str | None]) -> Iterator[None]:
    """Set values as `change` does; where what is done with them fails, they are as they were."""
    before = read(layout.app(app).secrets)
    change(layout, app, values)
    try:
        yield
    except BaseException as error:
        back = {name: before.get(name) for name in values}
        with audited(layout, app, _told(back), Silent()):
            _write(layout, app, back)
        if isinstance(error, UserError):
            error.fix += "; the values are as they were"
        raise


def _told(values: Mapping[str, str | None]) -> str:
    """What the audit says of it: names alone."""
    changed = [name for name, value in values.items() if value is not None]
    gone = [name for name, value in values.items() if value is None]
    told = (f"config {verb} {' '.join(names)}" for verb, names in (("set", changed), ("unset", gone)) if names)
    return ", ".join(told)


def _write(layout: Layout, app: str, values: Mapping[str, str | None]) -> None:
    paths = layout.app(app)
    prepare(layout, app, Silent())
    account = account_of(layout, app)
    apply(Plan(provision.folders(layout, app, root=account is not None)), account, Silent())
    with files.hold_waiting(_lock(paths), WAIT):
        text = _text(_comments(paths.secrets), {**read(paths.secrets), **values})
        files.write(File(paths.secrets, text, 0o600, secret=True), processes.account())


def parse_lines(text: str) -> dict[str, str]:
    """Return the values of NAME=VALUE lines. The value is all that comes after the first `=`, quotes too.

    Empty lines, and those that begin with `#`, are passed over.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        name, equals, value = line.removesuffix("\r").partition("=")
        if not line.strip() or line.startswith("#"):
            continue
        if not equals:
            raise UsageError(f"line {number} of what was read is no NAME=VALUE", "write one NAME=VALUE a line")
        found[name] = value
    return found


def _check(name: str, value: str | None) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{shown(name)} can't name an environment variable", "use letters, digits and `_`, no digit first"
        )
    if name.startswith("UNCORK_"):
        raise UsageError(f"{name} is set by uncork itself", "choose another name")
    if value is None:
        return
    if "\0" in value:
        raise UsageError(f"the value of {name} holds a NUL, which no environment can", "encode it, as base64 say")
    if len(os.fsencode(_sound(name, value))) > LONGEST:
        raise UsageError(f"the value of {name} is longer than 64 KB", "put it into a file, and set the file's path")


def _sound(name: str, value: str) -> str:
    """Return the value if it can be written as bytes: half a surrogate pair can't."""
    try:
        os.fsencode(value)
    except UnicodeEncodeError:
        # Without `from`: the error holds the value.
        raise UsageError(f"the value of {name} is no text", "encode it, as base64 say") from None
    return value


def _all_there(now: Mapping[str, str], names: Sequence[str]) -> None:
    missing = [name for name in names if name not in now]
    if missing:
        raise UsageError(f"there is no value {', '.join(missing)}", f"there are: {', '.join(now) or 'none'}")


def _lines(path: Path) -> list[str]:
    return files.read(path).split("\n")


def _pair(line: str, path: Path, number: int) -> tuple[str, str] | None:
    """Return the name and the value of a line, None for one that says nothing."""
    if not line.strip() or line.startswith("#"):
        return None
    match = LINE.fullmatch(line.rstrip("\r"))
    try:
        return (match[1], str(json.loads(match[2]))) if match else _broken(path, number)
    except ValueError:
        return _broken(path, number)


def _broken(path: Path, number: int) -> tuple[str, str]:
    raise UsageError(f'{path}:{number}: this is no NAME="value" line', "mend that line, or take it out")


def _comments(path: Path) -> str:
    """Return the comments of the file: who wrote some by hand keeps them."""
    kept = [line for line in _lines(path) if line.startswith("#")] if path.exists() else []
    return "".join(f"{line}\n" for line in kept) or _HEAD


def _text(comments: str, values: Mapping[str, str | None]) -> str:
    """Return the file: JSON's escapes, ASCII alone, so that every value is one line."""
    return comments + "".join(f"{name}={json.dumps(value)}\n" for name, value in values.items() if value is not None)


def _lock(paths: AppLayout) -> Path:
    return paths.shared / ".env.lock"
