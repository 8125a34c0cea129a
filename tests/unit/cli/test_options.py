"""What every verb takes, and what a verb takes by itself, side by side."""

from collections.abc import Iterator

import click

from uncork.cli import HIDDEN, VERBS, verbs


def commands(group: click.Group, names: tuple[str, ...]) -> Iterator[click.Command]:
    context = click.Context(group)
    for name in names:
        command = group.get_command(context, name)
        assert command
        yield command
        if isinstance(command, click.Group):
            yield from commands(command, tuple(command.list_commands(click.Context(command))))


def test_no_option_of_a_verb_takes_the_value_of_another() -> None:
    every = list(commands(verbs, (*VERBS, *HIDDEN)))
    for command in every:
        names = [parameter.name for parameter in command.params]
        assert len(names) == len(set(names)), f"{command.name}: {sorted(name or '' for name in names)}"
    assert len(every) > len(VERBS)
