"""`uncork server git-remote`: deploy by `git push`."""

from pathlib import Path

import click

from uncork.cli.options import Asked, Goes, asks
from uncork.cli.output import emit
from uncork.cli.places import place
from uncork.errors import UsageError


@click.command("git-remote")
@click.argument("hosts", metavar="[HOST]...", nargs=-1)
@click.option("--env", "environment", metavar="NAME", help="The environment to deploy.  [default: the target's]")
@asks(app=False, goes=Goes.BY_ITSELF)
def command(asked: Asked, hosts: tuple[str, ...], environment: str | None) -> None:
    """Print what `git push` deploys the project of this folder by, a line for each HOST.

    It makes a repository there, or brings it up to date: `git remote add live $(uncork server git-remote)`, and
    `git push live` is a deploy of the branch that is checked out now, refused if that is. Without a HOST it is that of
    the target.
    """
    from uncork.config import load
    from uncork.machine import checkouts, trees
    from uncork.remote.git_remote import Repository, git_remote
    from uncork.remote.ssh import connect

    root = Path.cwd()
    there = place(asked, root)
    named = tuple(dict.fromkeys((*hosts, *asked.hosts))) or (there.hosts if there else ())
    if not named:
        raise UsageError("no machine was named, and the project here has no target", "name one: deploy@203.0.113.7")
    target = there.target.name if there and there.target else ""
    app = load(trees.read(root, tracked=True).texts, environment, root.name, target).name
    repository = Repository(app, root.name, checkouts.branch(root), target, environment)
    remotes = [git_remote(connect(host, accept_new=asked.accept_new), repository) for host in named]
    if asked.json:
        emit({"app": app, "branch": repository.branch, "remotes": remotes})
        return
    click.echo("\n".join(remotes))
