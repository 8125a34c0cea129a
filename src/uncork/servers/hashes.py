"""The locks of the servers that need nothing but themselves: hashes.txt, which travels with uncork."""

from uncork.rendering import source


def hashed(requires: tuple[str, ...]) -> str:
    """Return the lock of these requirements, with its hashes; empty where one of them is not in hashes.txt as it is."""
    known = _entries()
    return "".join(known[line] for line in requires) if all(line in known for line in requires) else ""


def _entries() -> dict[str, str]:
    """Return the text of each entry, by the requirement that it begins with."""
    found: dict[str, str] = {}
    name = ""
    for line in source("uncork.servers", "hashes.txt").splitlines(keepends=True):
        if line.startswith("#"):
            continue
        if not line.startswith(" "):
            name = line.partition(" ")[0]
        found[name] = found.get(name, "") + line
    return found
