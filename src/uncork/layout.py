"""Where everything of a state directory lives: with app_layout, the one place that knows the names of files there."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from uncork.app_layout import AppLayout, TlsFiles

# sockaddr_un.sun_path holds 108 bytes with the closing NUL (unix(7)); the rest of the path is at most
# "/" + an app's name (40) + "/99999.999/own/stats.sock" (25).
LONGEST_RUN: Final = 107 - 66


AGENT_GROUP: Final = "uncork"
"""That of the agent's user on a machine set up for serving."""


def runtime_directory(home: Path, uid: int) -> Path:
    """The folder for sockets: `run` in the state directory, or a short one under /tmp when that is too deep."""
    inside = home / "run"
    if len(str(inside).encode()) <= LONGEST_RUN:
        return inside
    return Path("/tmp") / f"uncork-{uid}" / hashlib.sha256(str(home).encode()).hexdigest()[:12]  # noqa: S108


@dataclass(frozen=True)
class Layout:
    """Where everything of one state directory is; `log` is set on a machine set up for serving alone."""

    home: Path
    run: Path
    log: Path | None = None

    def app(self, name: str) -> AppLayout:
        """Where one app's things are."""
        return AppLayout(self.home, self.run, name, self.log)

    @property
    def machine(self) -> bool:
        """Whether it is that of a machine set up for serving, where systemd is the supervisor."""
        return self.log is not None

    @property
    def machine_record(self) -> Path:
        """What was done to the machine to set it up for serving, as JSON; only such a machine has one."""
        return Path("/etc/uncork/machine.json")

    @property
    def keepers(self) -> str:
        """The group of the agent, which looks after the apps of others; empty where it is who serves them all."""
        return AGENT_GROUP if self.machine else ""

    @property
    def audit_log(self) -> Path | None:
        """A line of JSON for every change of a machine set up for serving; elsewhere there is none."""
        return self.log / "audit.log" if self.log else None

    @property
    def apps(self) -> Path:
        """One folder an app."""
        return self.home / "apps"

    @property
    def logs(self) -> Path:
        """The logs of the front and the supervisor."""
        return self.log or self.home / "logs"

    @property
    def outside_access_logs(self) -> Path:
        """Where a front of the machine's writes the apps' access logs."""
        return self.logs / "access"

    @property
    def balancers(self) -> Path:
        """One folder for each app whose requests this machine shares out."""
        return self.home / "balancers"

    def balancer(self, app: str) -> Path:
        """What this machine knows of the others that it shares an app's requests out among."""
        return self.balancers / app

    def balancer_tls(self, app: str) -> TlsFiles:
        """What this machine shows by HTTPS as the balancer of an app."""
        return TlsFiles(self.balancer(app))

    @property
    def wheels(self) -> Path:
        """Packages that were sent here, for a machine that gets none by itself."""
        return self.home / "wheels"

    @property
    def pythons(self) -> Path:
        """The Pythons that were sent here, a folder each, as uv has them."""
        return self.home / "pythons"

    @property
    def lock(self) -> Path:
        """Held, with flock(2), by whoever changes the front or the supervisor."""
        return self.home / "front.lock"

    @property
    def front(self) -> Path:
        """The folder of the front's config."""
        return self.home / "front"

    @property
    def front_record(self) -> Path:
        """The address and port that the front answers on, as JSON."""
        return self.front / "front.json"

    @property
    def front_pending(self) -> Path:
        """There while the running front may not go by its config yet: what it takes then, `reload` or `start`."""
        return self.front / "pending"

    @property
    def authority(self) -> Path:
        """The certificate of the local CA, which browsers may be told to trust."""
        return self.home / "tls" / "ca.pem"

    @property
    def authority_key(self) -> Path:
        """The key of the local CA, 0600: whoever has it can pose as any site to who trusts it."""
        return self.home / "tls" / "ca.key"

    @property
    def acme(self) -> Path:
        """The keys of the accounts at CAs that give certificates by ACME: of the account that serves."""
        return self.home / "acme"

    @property
    def acme_lock(self) -> Path:
        """Held, with flock(2), by whoever asks such a CA."""
        return self.home / "acme.lock"

    @property
    def challenges(self) -> Path:
        """The root of the URLs by which such a CA sees that a name is ours: of the account that serves."""
        return self.home / "challenges"

    @property
    def repositories(self) -> Path:
        """What is pushed to be deployed: a folder a user, with a repository an app."""
        return self.home / "git"

    def repository(self, user: str, app: str) -> Path:
        """The repository that a user pushes an app to."""
        return self.repositories / user / f"{app}.git"

    @property
    def deploys(self) -> Path:
        """What other computers deployed here: for each a line of JSON a step, and the source on its way."""
        return self.home / "deploys"

    @property
    def agent(self) -> Path:
        """The agent's own folder, of the account that serves."""
        return self.home / "agent"

    @property
    def agent_state(self) -> Path:
        """What the agent last did, and what it can't do, as JSON."""
        return self.agent / "state.json"

    @property
    def agent_lock(self) -> Path:
        """Held, with flock(2), by the one agent that works."""
        return self.agent / "lock"

    @property
    def agent_log(self) -> Path:
        """What the agent says."""
        return self.logs / "agent.log"

    @property
    def down(self) -> Path:
        """There after `down`: nothing is meant to run."""
        return self.home / "down"

    @property
    def supervisor(self) -> Path:
        """The folder of the supervisor's config."""
        return self.home / "supervisor"

    @property
    def supervisor_config(self) -> Path:
        """The supervisor's main config."""
        return self.supervisor / "supervisord.conf"

    @property
    def programs(self) -> Path:
        """One file a program: the front, and each app's live instance; among all units of a machine's systemd."""
        return Path("/etc/systemd/system") if self.machine else self.supervisor / "programs"

    @property
    def supervisor_socket(self) -> Path:
        """Where supervisord takes orders."""
        return self.run / "supervisord.sock"

    @property
    def supervisor_pid(self) -> Path:
        """The supervisor's pid file."""
        return self.run / "supervisord.pid"

    @property
    def front_run(self) -> Path:
        """The one folder that the front may write to, beside the apps' logs; no app can be called that."""
        return self.run / "_front"

    @property
    def front_caches(self) -> Path:
        """What the front keeps of responses, a folder an app."""
        return self.front_run / "cache"

    def front_cache(self, app: str) -> Path:
        """What the front keeps of one app's responses."""
        return self.front_caches / app

    @property
    def front_pid(self) -> Path:
        """The front's pid file."""
        return self.front_run / "nginx.pid"

    @property
    def front_log(self) -> Path:
        """What the front complains of, which tells who asked for what.

        On a machine set up for serving that is no app's user's business. No app's log is called so.
        """
        return self.outside_access_logs / "_front.log" if self.machine else self.logs / "front.log"

    @property
    def supervisor_log(self) -> Path:
        """What the supervisor did."""
        return self.logs / "supervisord.log"

    @property
    def starts_log(self) -> Path:
        """What programs said before their own log was open."""
        return self.logs / "starts.log"


MACHINE: Final = Layout(Path("/var/lib/uncork"), Path("/run/uncork"), Path("/var/log/uncork"))
"""That of a machine set up for serving."""
