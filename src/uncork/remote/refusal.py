"""Why a machine did not let us in, as it is told: the cause, what to do, and ssh's own words."""

from typing import Final

from uncork.errors import UsageError

# ssh ends with the same status whatever the cause, and its messages are never translated (they are in log.c's callers,
# without gettext). What they say chooses the advice alone; they are shown as they are.
CAUSES: Final = (
    (
        "IDENTIFICATION HAS CHANGED",
        "shows another host key than it had: it is another machine, or somebody is in between",
        "ask whoever runs it; if it was set up anew, forget the old key: `ssh-keygen -R NAME`",
    ),
    (
        "Host key verification failed",
        "is not known yet: its host key has never been accepted here",
        "run `ssh HOST` once and compare the fingerprint, or accept what it shows with --accept-new-host-key",
    ),
    (
        "Permission denied",
        "does not let us in: it takes none of the keys that ssh offers",
        "see that `ssh HOST` works: the key in the agent or the ssh config, the user, its ~/.ssh/authorized_keys there",
    ),
    (
        "Too many authentication failures",
        "does not let us in: ssh offers too many keys",
        "name the right one in the ssh config (IdentityFile, and IdentitiesOnly yes)",
    ),
    (
        "Could not resolve hostname",
        "has no address: nobody knows that name",
        "correct the name, or add it to the ssh config",
    ),
)


def refusal(host: str, said: str, by_ssh: bool) -> UsageError:  # noqa: FBT001
    """Return what is told of a machine that did not let us in; `by_ssh`: it is ssh that failed, no command there."""
    for words, cause, fix in CAUSES:
        if by_ssh and words in said:
            return UsageError(f"{host} {cause}", _named(fix, host), said)
    if by_ssh:
        return UsageError(
            f"{host} can't be reached", _named("see that it is up, and that `ssh HOST` works from here", host), said
        )
    return UsageError(
        f"{host} lets us in, but runs no commands", "give the user a login shell there (usermod -s /bin/sh)", said
    )


def _named(fix: str, host: str) -> str:
    from uncork.remote.destination import destination, name

    return fix.replace("HOST", destination(host)).replace("NAME", name(host))
