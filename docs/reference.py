"""Writes docs/reference from the code: verbs, keys of the config, exit statuses. `make docs` runs it."""  # noqa: INP001 -- a script

import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import reduce
from inspect import cleandoc
from operator import or_
from pathlib import Path

import click

from uncork.cli import VERBS, verbs
from uncork.cli.failure import EXIT_CODES
from uncork.config import TABLES, keys
from uncork.config.keys import NOTHING, Key
from uncork.recipes.setup.change import Change
from uncork.recipes.setup.record import Machine, Undo
from uncork.recipes.setup.removal import removal
from uncork.recipes.setup.seen import Account, seen
from uncork.recipes.setup.wanted import changes
from uncork.remote.hands import shown

ROWS = {"front.upstreams", "front.paths"}
FOLDER = Path(__file__).parent / "reference"
HEAD = "<!-- Written from the code by `make docs`: change it there. -->\n\n"
CONFIG = """\
Keys stand under `[tool.uncork]` in `pyproject.toml`, or at the top of `uncork.toml`; not in both. Every key may be
left out. What stands under `[tool.uncork.environments.NAME]` (`[environments.NAME]` in `uncork.toml`) holds for
`uncork up --env NAME` in place of what stands above it. `development`, `testing` and `production` need no such table,
other environments do. What stands under `[tool.uncork.targets.NAME]` holds for that [target](#targetsname) in place of
both.

```toml
[tool.uncork]
domains = ["shop.example.com"]
environment_variable = "MY_FLASK_ENV"

[tool.uncork.environments.testing]
domains = ["test.example.com"]
```

Times are texts such as `"30s"`, `"1m30s"` or `"500ms"`, or numbers of seconds. Sizes are texts such as `"512M"`, `"2G"`
or `"100k"` (units of 1024), or numbers of bytes.
"""
TABLE = """\
## {name}

{doc}
"""
DOCS = {
    "server": """\
These keys stand under `[tool.uncork.server]` (`[server]` in `uncork.toml`). How many processes and threads there are,
and how long a request may take, is said above, for every server. [Choosing one](../servers/README.md).
""",
    "front": """\
These keys stand under `[tool.uncork.front]` (`[front]` in `uncork.toml`). [The fronts](../fronts/README.md).
""",
    "front.upstreams": """\
Each server that answers the app's requests is a table of its own, `[[tool.uncork.front.upstreams]]`.
""",
    "front.paths": """\
Each path is a table of its own, `[[tool.uncork.front.paths]]`. Of those that fit, the longest that says a key counts.
""",
    "tls": """\
These keys stand under `[tool.uncork.tls]` (`[tls]` in `uncork.toml`). [HTTPS](../how-to/https.md).
""",
    "limits": """\
These keys stand under `[tool.uncork.limits]` (`[limits]` in `uncork.toml`): what one run of a release may take of a
machine that was [set up for serving](../how-to/server-setup.md), where [systemd](units.md) sees to it. Elsewhere
nothing is enforced, and `up` says so.
""",
    "cache": """\
These keys stand under `[tool.uncork.cache]` (`[cache]` in `uncork.toml`). [Caching](../how-to/caching.md).
""",
    "logging": """\
These keys stand under `[tool.uncork.logging]` (`[logging]` in `uncork.toml`), and what holds in one environment alone
under `[tool.uncork.environments.NAME.logging]`. How they are used: [logging](../how-to/logging.md).
""",
    "mail": """\
These keys stand under `[tool.uncork.mail]` (`[mail]` in `uncork.toml`), and what holds in one environment alone under
`[tool.uncork.environments.NAME.mail]`. `password` is refused there: it is set by `uncork config set MAIL_PASSWORD=...`.
""",
    "targets.NAME": """\
A target is where a deploy goes, by a name of your choice. Its table, `[tool.uncork.targets.production]` for one that is
called so, may hold all the keys of the config beside these, and its values lie over those of its environment. The
target `local` is this machine, what `uncork up` goes to; it needs no table. [Targets](../how-to/targets.md).
""",
    "targets.NAME.balancer": """\
These keys stand under `[tool.uncork.targets.NAME.balancer]`.
[Several machines behind one address](../how-to/several-machines.md).
""",
}
RENTED = "unit\tnginx.service\t\tinactive\nunit\tuncork-agent.service\t\tinactive\npath\t/opt\tfolder\t755\troot\t\n"
SERVING = (
    f"{RENTED}own-site\t/etc/nginx/sites-enabled/zz-uncork-....conf\napp\tAPP\n"
    "path\t/opt/uncork/current\tlink\t777\troot\tDIGEST\n"
)
APP = Account("uncork-APP", 998, "APP, by uncork", "/nonexistent")
AGENT = Account("uncork", 999, "the agent of uncork", "/var/lib/uncork")
MACHINE = """\
# What `uncork server setup` changes on a machine

All of it, in this order, each with the commands that do it; `uncork server setup --dry-run` prints what is still to be
changed on a machine of yours. What is so already is left alone, and nothing else is touched: no site, unit or user of
others, no firewall, no SSH settings. What was changed, when and by whom is in `/etc/uncork/machine.json` there. Deploys
add to it what is an app's: [on disk](../explanation/on-disk.md).
"""
REMOVAL = """\
## What `uncork server remove` changes back

Only what the record says was not there before. Logs stay, in `/var/log/uncork`.
"""
ERRORS = """
With `--json` an error is one object on standard output, `{"schema": 1, "error": {"problem": "...", "fix": "...",
"code": 2}}`, where `code` is the exit status; `detail`, where there is one, is what explains it, such as the app's own
traceback.
"""


def pages() -> dict[str, str]:
    """Return the pages, name -> text."""
    return {
        "verbs.md": HEAD + "\n".join(_verbs()),
        "config.md": HEAD + "\n".join(_config()),
        "exit-codes.md": HEAD + "\n".join(_exit_codes()),
        "machine.md": HEAD + "\n".join(_machine()),
    }


def _verbs() -> Iterator[str]:
    yield "# The verbs\n"
    yield "`uncork VERB --help` says the same. `python -m uncork` is `uncork`.\n"
    top = click.Context(verbs, info_name="uncork")
    for name in VERBS:
        found = verbs.get_command(top, name)
        if found:
            yield from _verb(found, click.Context(found, info_name=name, parent=top))
    yield "## Options of every verb\n"
    yield "They may stand before the verb too. `--app` is for the verbs that act on one app.\n"
    yield from _options(verbs, top, everywhere=True)


def _verb(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"## {context.command_path}\n"
    if isinstance(command, click.Group):
        if command.invoke_without_command:
            yield f"    {context.command_path} [OPTIONS]\n"
        yield f"{cleandoc(command.help or '')}\n"
        if command.invoke_without_command:
            yield from _options(command, context, everywhere=False)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found and not found.hidden:
                below = click.Context(found, info_name=name, parent=context)
                yield from (line.replace("## ", "### ", 1) for line in _verb(found, below))
        return
    yield f"    {' '.join((context.command_path, *command.collect_usage_pieces(context)))}\n"
    yield f"{cleandoc(command.help or '')}\n"
    yield from _options(command, context, everywhere=False)


def _options(command: click.Command, context: click.Context, *, everywhere: bool) -> Iterator[str]:
    """Yield the options; those that every verb has are told once."""
    common = {parameter.name for parameter in verbs.params}
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    records = [option.get_help_record(context) for option in options if everywhere or option.name not in common]
    lines = [f"- `{names}`: {text.replace('  [', ' [')}" for names, text in filter(None, records)]
    if lines:
        yield "\n".join(lines) + "\n"


def _config() -> Iterator[str]:
    yield "# The config\n"
    yield CONFIG
    for key in keys():
        yield from _key(key, "## ")
    for name, below in TABLES.items():
        yield TABLE.format(name=name, doc=DOCS[name])
        for key in below:
            table = f"[tool.uncork.{name}]"
            yield from _key(
                key, f"### {name}.", f"[{table}]\n" if name in ROWS else f"{table.replace('NAME', 'production')}\n"
            )


def _key(key: Key, heading: str, table: str = "") -> Iterator[str]:
    yield f"{heading}{key.name}\n"
    yield f"{key.doc}\n"
    yield f"- It is {key.kind.what}.\n- Default: {_default(key)}.\n"
    yield f"```toml\n{table}{key.name} = {key.example}\n```\n"


def _default(key: Key) -> str:
    if key.default == NOTHING:
        return NOTHING
    own = "".join(f"; in {environment} `{default}`" for environment, default in key.defaults)
    return f"`{key.default}`{own}"


def _exit_codes() -> Iterator[str]:
    yield "# Exit statuses\n"
    yield "The same for every verb; `run` and `shell` end with that of what they ran.\n"
    yield "| status | says |\n| --- | --- |"
    for code, says in EXIT_CODES.items():
        yield f"| {code} | {says} |"
    yield ERRORS


def _machine() -> Iterator[str]:
    """Yield what is changed on a machine that has nothing but what every system has, and what becomes of it."""
    made = changes(seen(RENTED), "DIGEST", "VERSION")
    yield MACHINE
    yield from _changes(made)
    yield REMOVAL
    undo = reduce(or_, (change.undo for change in made), Undo(packages=("nginx", "...")))
    there = replace(seen(SERVING), accounts={APP.name: APP, "uncork": AGENT})
    yield from _changes(removal(there, Machine("VERSION", "DIGEST", "", "", "", "", undo)))


def _changes(made: tuple[Change, ...]) -> Iterator[str]:
    for change in made:
        steps = "".join(f"\n  - `{shown(step)}`" for step in change.steps)
        yield f"- {change.what}{steps}"
    yield ""


def main() -> None:
    """Write the pages."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    sys.exit(main())
