"""What a project adds to the configs of its server and its front, or has in place of their templates."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from uncork.errors import UsageError
from uncork.fronts.front import Front
from uncork.rendering import OWN
from uncork.servers.server import Server

_ALIKE: Final = 0.75
"""A name that is so much like another (difflib's ratio) was meant to be it."""


@dataclass(frozen=True)
class Own:
    """The texts of a project's own, empty where there are none; `notes` say which are in use, and which are not.

    `fronts` are those (by name) that the front's texts mean something to, all if it is empty.
    """

    server_snippet: str = ""
    server_template: str = ""
    front_snippet: str = ""
    front_template: str = ""
    fronts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def own(texts: Mapping[str, str], server: Server, front: Front | type[Front], names: Iterable[str] = ()) -> Own:
    """Return what a project (path -> text) has of its own for its server and its front.

    `names` are the paths of all its files: one of them may be a slip of the pen for one that would be read.
    Raises UsageError for a template that stands in place of none: it would be a slip that nobody notices.
    """
    inside = sorted({path.partition("/")[2] for path in (*texts, *names) if path.startswith(f"{OWN}/")})
    found = {name: texts[f"{OWN}/{name}"] for name in inside if f"{OWN}/{name}" in texts}
    if not inside:
        return Own()
    snippet, template = _snippet(found, front.snippet), found.get(front.template, "")
    return Own(
        server_snippet=_snippet(found, server.snippet),
        server_template=found.get(server.template, ""),
        front_snippet=snippet,
        front_template=template,
        fronts=_alike(front) if snippet or template else (),
        notes=tuple(note for name in inside for note in _notes(name, server, front)),
    )


# Most projects have nothing of their own, and a deploy does without importing every front.


def _snippet(found: Mapping[str, str], name: str) -> str:
    return found.get(name, "").replace("\r\n", "\n").strip("\n")


def _alike(front: Front | type[Front]) -> tuple[str, ...]:
    from uncork.fronts.registry import FRONTS

    return tuple(one.name for one in FRONTS if (one.snippet, one.template) == (front.snippet, front.template))


def _notes(name: str, server: Server, front: Front | type[Front]) -> Iterator[str]:
    from uncork.fronts.registry import FRONTS
    from uncork.servers import SERVERS

    path = f"{OWN}/{name}"
    used = {p.snippet: f"added to the config of {p.name}" for p in (server, front)}
    used |= {p.template: f"taken in place of uncork's own template for {p.name}" for p in (server, front)}
    products = (*SERVERS.values(), *FRONTS)
    snippets, templates = ({getattr(p, kind) for p in products} - {""} for kind in ("snippet", "template"))
    if name in used:
        yield f"{path} is {used[name]}"
    elif name in snippets | templates:
        yield f"{path} is not used: neither {server.name} nor {front.name} has such a file"
    elif name.endswith(".j2") and "/" not in name:
        instead = difflib.get_close_matches(name, templates, 1, _ALIKE) or (f"one of {', '.join(sorted(templates))}",)
        raise UsageError(f"{path} stands in place of no template of uncork's", f"call it {instead[0]}")
    elif near := difflib.get_close_matches(name.lower(), snippets | templates, 1, _ALIKE):
        yield f"{path} is not used: uncork reads no file of that name; did you mean {OWN}/{near[0]}?"
