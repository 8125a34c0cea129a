"""Where everything of one app lives in a state directory."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from uncork.model import Instance
from uncork.serving import Protocol

LONGEST_ACCOUNT: Final = 32
"""Characters of a user's name, useradd(8)."""


def account_name(app: str) -> str:
    """Return what the user and the group of an app are called on a machine set up for serving."""
    name = f"uncork-{app}"
    if len(name) <= LONGEST_ACCOUNT:
        return name
    return f"{name[: LONGEST_ACCOUNT - 9]}-{hashlib.sha256(app.encode()).hexdigest()[:8]}"


@dataclass(frozen=True)
class TlsFiles:
    """Where the certificates of an app, or of a balancer, are kept below its folder, each with its key."""

    root: Path

    @property
    def folder(self) -> Path:
        """The certificates themselves: 0600, the account's that serves, where they are not locked."""
        return self.root / "tls"

    @property
    def given(self) -> Path:
        """The copy of the certificate that the config names."""
        return self.folder / "given.pem"

    @property
    def issued(self) -> Path:
        """The certificate that a CA gave by ACME, with its key, which the passphrase locks."""
        return self.folder / "acme.pem"

    @property
    def passphrase(self) -> Path:
        """What that key is locked by: root's alone, whose nginx reads it before it becomes who serves."""
        return self.folder / "acme.passphrase"

    @property
    def record(self) -> Path:
        """What that CA has certified, and how it went when it was last asked, as JSON."""
        return self.root / "certificate.json"

    def own(self, names: tuple[str, ...]) -> Path:
        """The certificate of the local CA that is for those names."""
        return self.folder / f"own-{hashlib.sha256(' '.join(names).encode()).hexdigest()[:16]}.pem"


@dataclass(frozen=True)
class AppLayout:
    """Where one app's releases, environments, data and logs are."""

    home: Path
    run: Path
    app: str
    log: Path | None = None

    @property
    def machine(self) -> bool:
        """Whether it is on a machine set up for serving."""
        return self.log is not None

    @property
    def root(self) -> Path:
        """All that is kept of the app."""
        return self.home / "apps" / self.app

    @property
    def releases(self) -> Path:
        """One folder a release."""
        return self.root / "releases"

    def release(self, number: int) -> Path:
        """The folder of one release; it never changes once it has been live."""
        return self.releases / str(number)

    def source(self, number: int) -> Path:
        """The release's own copy of the project."""
        return self.release(number) / "source"

    def record(self, number: int) -> Path:
        """How the release is started; a release without one was never finished."""
        return self.release(number) / "release.json"

    @property
    def live(self) -> Path:
        """A link to the live release's folder."""
        return self.root / "live"

    @property
    def venvs(self) -> Path:
        """The environments, by the hash of what is in them."""
        return self.root / "venvs"

    @property
    def locks(self) -> Path:
        """The locks that uncork made, by the hash of the manifest they were made from."""
        return self.root / "locks"

    @property
    def shared(self) -> Path:
        """What outlives releases."""
        return self.root / "shared"

    @property
    def secrets(self) -> Path:
        """The values of `config set`, 0600."""
        return self.shared / ".env"

    @property
    def instance_data(self) -> Path:
        """Flask's instance folder, the same for every release."""
        return self.shared / "instance"

    @property
    def tls(self) -> TlsFiles:
        """What the front shows for the app by HTTPS."""
        return TlsFiles(self.root)

    @property
    def logs(self) -> Path:
        """The app's logs."""
        return self.log / "apps" / self.app if self.log else self.root / "logs"

    @property
    def server_log(self) -> Path:
        """What the server and the app's own prints and loggers say."""
        return self.logs / "server.log"

    @property
    def app_log(self) -> Path:
        """What the app's own loggers say."""
        return self.logs / "app.log"

    @property
    def alerts(self) -> Path:
        """What becomes of errors: the serving account's own folder."""
        return self.root / "alerts"

    @property
    def spool(self) -> Path:
        """A line of JSON an error, appended by the workers and taken by the agent."""
        return self.alerts / "spool"

    @property
    def dropped(self) -> Path:
        """A byte for each error that found the spool full."""
        return self.alerts / "dropped"

    @property
    def counts(self) -> Path:
        """What was counted of errors and of traffic: a folder of the agent's, where that is not who serves the app."""
        return self.root / "counts" if self.log else self.alerts

    @property
    def errors(self) -> Path:
        """The groups of errors and the mails that wait: an SQLite file."""
        return self.counts / "errors.db"

    @property
    def traffic(self) -> Path:
        """What was served, by the day: an SQLite file."""
        return self.counts / "traffic.db"

    @property
    def access_log(self) -> Path:
        """A line of JSON a request, written by the front."""
        return self.logs / "access.log"

    @property
    def outside_access_log(self) -> Path:
        """What a front of the machine's writes in its place: root opens it, so the folder must be root's."""
        return (self.log or self.home / "logs") / "access" / f"{self.app}.log"

    @property
    def history(self) -> Path:
        """A line of JSON a deploy, rollback, restart, stop or start."""
        return self.root / "history.jsonl"

    @property
    def scale(self) -> Path:
        """How many processes `scale` said, in place of the config's number; not there: nobody has."""
        return self.root / "scale"

    @property
    def stopped(self) -> Path:
        """There after `stop`: the app is not meant to run."""
        return self.root / "stopped"

    @property
    def maintenance(self) -> Path:
        """There while visitors are told to come again: who gets through, and the page, as JSON."""
        return self.root / "maintenance.json"

    @property
    def maintenance_page(self) -> Path:
        """The page that visitors see meanwhile, where it is not the front's own."""
        return self.root / "maintenance.html"

    @property
    def lock(self) -> Path:
        """Held, with flock(2), by whoever changes the app."""
        return self.root / "deploy.lock"

    @property
    def sockets(self) -> Path:
        """The folder for the app's sockets."""
        return self.run / self.app

    @property
    def entrances(self) -> Path:
        """The folder of the links that the front goes through; on a machine set up for serving it outlives a reboot."""
        return self.root / "sockets" if self.log else self.sockets

    @property
    def current_socket(self) -> Path:
        """The link to the live instance's socket; renaming another over it is the switch."""
        return self.entrances / "current.sock"

    def entrance(self, speaks: Protocol) -> Path:
        """The link that a front which speaks this connects through: to the live instance, while that speaks it too.

        Else to the last one that did: until all of the front goes by its new config, some of it says what is of old.
        """
        return self.entrances / f"{speaks.value}.sock"

    def instance(self, instance: Instance) -> Path:
        """The runtime folder of one run of a release.

        It is not the serving account's: who could swap the socket for a link while root sets the socket's owner could
        have any file.
        """
        return self.sockets / f"{instance.release}.{instance.number}"

    def own(self, instance: Instance) -> Path:
        """The folder that an instance keeps its own files in (UNCORK_RUN)."""
        return self.instance(instance) / "own"

    def mail(self, instance: Instance) -> Path:
        """The mail settings that the app's own config has, 0600, as JSON; written by its workers."""
        return self.own(instance) / "mail.json"

    def draining(self, instance: Instance) -> Path:
        """There while an instance answers whom it has, and should get nobody else."""
        return self.own(instance) / "draining"

    def server_pid(self, instance: Instance) -> Path:
        """The pid file of an instance's master."""
        return self.own(instance) / "server.pid"

    def stats(self, instance: Instance) -> Path:
        """The socket that an instance tells of its workers on."""
        return self.own(instance) / "stats.sock"

    def socket(self, instance: Instance) -> Path:
        """The socket that an instance accepts on; a link to `bound`, where the server binds by itself."""
        return self.instance(instance) / "app.sock"

    def bound(self, instance: Instance) -> Path:
        """What a server that binds by itself makes (UNCORK_SOCKET): a socket, or a file that says which port it has.

        Such a file is a line as Apache's RewriteMap has it: `port 41234`.
        """
        return self.own(instance) / "app.sock"
