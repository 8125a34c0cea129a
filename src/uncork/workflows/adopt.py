"""Read what starts an app today, and say the same as a config of uncork's."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from uncork.config import holder, load
from uncork.errors import UsageError
from uncork.machine import files
from uncork.plan import File
from uncork.project.adopted.config import read, toml
from uncork.project.adopted.fates import Fate, Kind

_OTHER: Final = {holder.OWN_FILE: holder.PYPROJECT, holder.PYPROJECT: holder.OWN_FILE}
"""The two files that may hold a config, each by the other: a project has one of them."""


@dataclass(frozen=True)
class Told:
    """One setting of the file: its line, its name there, and what becomes of it, and why."""

    line: int
    setting: str
    fate: str
    why: str


@dataclass(frozen=True)
class Adopted:
    """The config that does the same, where it was written (None: nowhere), and what became of each setting."""

    file: str
    text: str
    output: str | None
    settings: tuple[Told, ...]

    def of(self, kind: Kind) -> tuple[Told, ...]:
        """The settings of which that became."""
        return tuple(told for told in self.settings if told.fate == kind.value)


def adopt(path: Path, output: Path | None) -> Adopted:
    """Return the config that does what the file at `path` does, and write it to `output` if that is given.

    A pyproject.toml is appended to, any other file is new. Raises UsageError where the file can't be read, where
    uncork would not read the output, and where a config is there already.
    """
    if output and output.name not in _OTHER:
        fix = f"name it {' or '.join(_OTHER)}; without --output the config is only shown"
        raise UsageError(f"uncork reads no config from a file called {output.name}", fix)
    if not path.is_file():
        raise UsageError(f"there is no file {path}", "give a uwsgi.ini, a gunicorn.conf.py or a Procfile")
    fates = read(path.name, files.read(path).removeprefix("\ufeff"))
    table = "" if output and output.name != holder.PYPROJECT else "tool.uncork"
    text = toml(fates, table)
    _is_sound(toml(fates, ""), path)
    if output:
        _write(output, text)
    return Adopted(path.name, text, str(output) if output else None, tuple(_told(fate) for fate in fates))


def _is_sound(text: str, path: Path) -> None:
    """Raise UsageError for what can't stand together, in the file's terms."""
    try:
        load({holder.OWN_FILE: text}, "production", "app")
    except UsageError as error:
        raise UsageError(f"what {path.name} says can't stand together: {error.problem}", error.fix) from error


def _write(output: Path, text: str) -> None:
    other = output.with_name(_OTHER[output.name])
    if other.exists() and (other.name == holder.OWN_FILE or holder.is_in(files.read(other))):
        raise UsageError(f"{other} has a config of uncork's already", "merge them by hand: leave out --output")
    if output.name == holder.PYPROJECT and output.exists():
        before = files.read(output)
        load({holder.PYPROJECT: before}, "production", "app")
        if holder.is_in(before):
            raise UsageError(f"{output} has a config of uncork's already", "merge them by hand: leave out --output")
        text = f"{before.rstrip()}\n\n{text}" if before.strip() else text
    elif output.exists():
        raise UsageError(f"{output} is there already", "merge them by hand: leave out --output")
    files.write(File(output, text), None)


def _told(fate: Fate) -> Told:
    name = fate.setting.name
    why = fate.why or ", ".join(f"{key} = {value}" for key, value in fate.values)
    return Told(fate.setting.line, name, fate.kind.value, why)
