"""Values that are lists of tables (`[[front.paths]]`): each table has the same keys."""

import difflib
from collections.abc import Callable

from uncork.config.keys import Key
from uncork.config.text import Table
from uncork.config.values import HEADER, Kind, ValueRefusedError, shown


def rows(keys: tuple[Key, ...], needed: str, made: Callable[[Table], object]) -> Kind:
    """Return the kind of lists of tables with these keys, each made into a value; `needed` is the key that must be."""
    known = {key.name: key for key in keys}

    def read_row(number: int, row: object) -> object:
        if not isinstance(row, dict):
            raise ValueRefusedError(f"is {shown(row)}, but it must be a table", f"write {HEADER}", (number,))
        if needed not in row:
            fix = f"write, for example, {needed} = {known[needed].example}"
            raise ValueRefusedError(f"has no `{needed}`", fix, (number,))
        return made({key: _read_value(known, number, key, value) for key, value in row.items()})

    def read(value: object) -> tuple[object, ...]:
        if not isinstance(value, list):
            problem = f"is {shown(value)}, but it must be a list of tables"
            raise ValueRefusedError(problem, f"write {HEADER}, and the keys under it")
        return tuple(read_row(number, row) for number, row in enumerate(value))

    return Kind("a list of tables", read)


def _read_value(known: dict[str, Key], number: int, name: str, value: object) -> object:
    if name not in known:
        nearest = difflib.get_close_matches(name, known, n=1)
        fix = f"write `{nearest[0]}`" if nearest else f"take it out; the keys are {', '.join(sorted(known))}"
        raise ValueRefusedError("is no key there", fix, (number, name))
    try:
        return known[name].kind.read(value)
    except ValueRefusedError as refused:
        raise ValueRefusedError(refused.problem, refused.fix, (number, name, *refused.inside)) from refused
