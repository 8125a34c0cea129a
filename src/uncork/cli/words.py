"""A command line as it was typed, less what says where it goes: what another machine's uncork is called with."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import click

WORDS: Final = "uncork.words"
"""Where a context keeps the verb and all that follows it."""
_OURS: Final = frozenset({"home", "app", "json", "debug", "target", "host", "accept_new_host_key"})


def words(context: click.Context) -> tuple[str, ...]:
    """Return the verb, its commands, options and arguments, without the options that every verb has."""
    root = context.find_root()
    return tuple(_below(root.command, root, context.meta[WORDS]))


def _below(group: click.Command, context: click.Context, typed: Sequence[str]) -> Iterator[str]:
    """Yield the words of a command of the group, which the first of `typed` names."""
    command = group.get_command(context, typed[0]) if isinstance(group, click.Group) else None
    if command is None:
        return
    yield typed[0]
    below = click.Context(command, parent=context, info_name=typed[0], **command.context_settings)
    said, rest, order = command.make_parser(below).parse_args(list(typed[1:]))
    for option in dict.fromkeys(p for p in order if isinstance(p, click.Option) and p.name not in _OURS):
        yield from _option(option, _texts(said.get(str(option.name))))
    if isinstance(command, click.Group):
        yield from _below(command, below, rest) if rest else ()
    else:
        yield from _arguments(command, said)


def _arguments(command: click.Command, said: Mapping[str, object]) -> Iterator[str]:
    arguments = (p for p in command.params if isinstance(p, click.Argument))
    texts = [text for argument in arguments for text in _texts(said.get(str(argument.name)))]
    yield from ("--", *texts) if texts else ()


def _option(option: click.Option, values: Sequence[str]) -> Iterator[str]:
    name = next((name for name in option.opts if name.startswith("--")), option.opts[0])
    equals = "=" if name.startswith("--") else ""
    for value in values:
        yield name if option.is_flag else f"{name}{equals}{value}"


def _texts(value: object) -> Sequence[str]:
    """Return the texts of what was typed; a flag is one, and what was not typed none."""
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    return [str(value)] if isinstance(value, str | bool) else []
