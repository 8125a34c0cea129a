"""The file that holds the config: uncork.toml, or pyproject.toml with a table of ours."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from uncork.config.text import Key, Table, TextError, line_of, parse
from uncork.errors import UsageError

OWN_FILE: Final = "uncork.toml"
PYPROJECT: Final = "pyproject.toml"


@dataclass(frozen=True)
class Holder:
    """The file that holds the config, and the path of keys that leads to it there."""

    file: str
    text: str
    path: Key
    values: Table

    def place(self, *key: str | int) -> str:
        """Where that key stands: file and line."""
        return f"{self.file}:{line_of(self.text, (*self.path, *key))}"

    def header(self, *key: str) -> str:
        """How the table of that key is written."""
        path = ".".join((*self.path, *key))
        return f"[{path}]" if path else f"the top of {self.file}"


def written(file: str, *key: str) -> str:
    """Return where a key of that table stands in a project whose config is in `file`: `under [tls] in uncork.toml`."""
    if file == OWN_FILE:
        return f"under [{'.'.join(key)}] in {file}" if key else f"at the top of {file}"
    return f"under [{'.'.join(('tool', 'uncork', *key))}] in {file}"


def file_of(texts: Mapping[str, str]) -> str:
    """Return the file that holds the config of a project, or would."""
    return OWN_FILE if OWN_FILE in texts else PYPROJECT


def project_name(texts: Mapping[str, str]) -> str | None:
    """Return the name under [project] in pyproject.toml."""
    project = _parse(texts, PYPROJECT).get("project")
    name = project.get("name") if isinstance(project, dict) else None
    return name if isinstance(name, str) else None


def is_in(pyproject: str) -> bool:
    """Return whether the text of a pyproject.toml has a config of uncork's."""
    return _tool({PYPROJECT: pyproject}) is not None


def _tool(texts: Mapping[str, str]) -> object:
    tool = _parse(texts, PYPROJECT).get("tool")
    return tool.get("uncork") if isinstance(tool, dict) else None


def find(texts: Mapping[str, str]) -> Holder:
    """Return what holds the config of a project, its texts given; raises UsageError where that is not clear."""
    found = _tool(texts)
    holder = Holder(PYPROJECT, texts.get(PYPROJECT, ""), ("tool", "uncork"), {})
    if found is not None and OWN_FILE in texts:
        raise UsageError(
            f"{holder.place()}: the config is here and in {OWN_FILE} too",
            f"keep one of them: move the keys of [tool.uncork] to the top of {OWN_FILE}, or remove {OWN_FILE}",
        )
    if OWN_FILE in texts:
        return Holder(OWN_FILE, texts[OWN_FILE], (), _parse(texts, OWN_FILE))
    if not isinstance(found, dict | None):
        raise UsageError(f"{holder.place()}: `uncork` is no table", "write [tool.uncork], and the keys under it")
    return replace(holder, values=found or {})


def _parse(texts: Mapping[str, str], file: str) -> Table:
    try:
        return parse(texts.get(file, ""))
    except TextError as error:
        raise UsageError(f"{file}:{error.line}: this is not TOML: {error.problem}", "correct that line") from error
