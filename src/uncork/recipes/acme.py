"""Certificates that a CA gives by ACME: whether an app may have one, when it is due, and how the CA is asked."""

from dataclasses import dataclass
from typing import Final

from uncork.app_layout import TlsFiles
from uncork.config import Config
from uncork.errors import UsageError
from uncork.layout import Layout
from uncork.notices import Certificate
from uncork.plan import Directory, Run, Step
from uncork.serving import ACME, Tls

MOST: Final = 180.0
"""Seconds after which a CA that has not certified all names is given up."""
LOCAL: Final = ".localhost"


@dataclass(frozen=True)
class Subject:
    """Whom a CA is to certify: the names, none where it is not asked; which CA, and where what it gives is kept."""

    names: tuple[str, ...]
    tls: Tls
    files: TlsFiles


def subject(domains: tuple[str, ...], tls: Tls, files: TlsFiles) -> Subject:
    """Return whom a CA is to certify of what answers under these names."""
    return Subject(names(domains, tls), tls, files)


def check(config: Config, layout: Layout) -> None:
    """Raise UsageError where no CA could certify what a config asks for: whatever is deployed stays as it is."""
    if config.own_tls.kind != ACME:
        return
    if not layout.machine:
        raise UsageError(
            '`tls = "acme"` is for a machine set up for serving (`uncork server setup`), which renews certificates',
            'write `tls = "self-signed"` to try HTTPS here, or name a certificate with `cert` and `key` under [tls]; '
            "what holds on a target alone goes under [targets.NAME]",
        )
    if config.target and len(config.target.hosts) > 1:
        raise UsageError(
            "a CA asks one machine for what proves whose a name is, and "
            f"the target {config.target.name} has {len(config.target.hosts)}",
            f"have a balancer answer for them ([targets.{config.target.name}.balancer]), or name a certificate "
            "with `cert` and `key` under [tls]",
        )
    check_names(config.name, config.domains)


def check_names(app: str, domains: tuple[str, ...]) -> None:
    """Raise UsageError where no CA could certify names."""
    wild = next((domain for domain in domains if domain.startswith("*")), "")
    if wild:
        raise UsageError(
            f"a CA certifies {wild} only to who changes the domain's DNS, which uncork does not",
            "name each host in `domains`, or get the certificate by other means, and name it with `cert` and `key`",
        )
    if not _public(domains):
        raise UsageError(
            f'`tls = "acme"` needs to know for which names a CA is to certify {app}',
            'write, for example, `domains = ["shop.example.com"]`, a name that leads to the machine',
        )


def _public(domains: tuple[str, ...]) -> tuple[str, ...]:
    names = dict.fromkeys(domain.lower() for domain in domains)
    return tuple(name for name in names if not name.startswith("*") and not name.endswith(LOCAL))


def names(domains: tuple[str, ...], tls: Tls) -> tuple[str, ...]:
    """Return those of the names that a CA is to certify; none where it is not asked."""
    return _public(domains) if tls.kind == ACME else ()


def is_due(certificate: Certificate, subject: Subject, now: float) -> bool:
    """Return whether the CA of a subject is to be asked at `now` (epoch seconds).

    It is for a name that it has not certified, and when the last third of a certificate's time begins. One that refused
    is asked again, whatever it was asked for.
    """
    wanted = subject.names
    lacking = not set(wanted) <= set(certificate.names) or certificate.server != subject.tls.directory
    late = certificate.ends - now < (certificate.ends - certificate.begins) / 3
    return bool(wanted) and bool(lacking or late or certificate.problem)


def folders(layout: Layout) -> tuple[Step, ...]:
    """Return the folders of who asks CAs, which is the account that serves and never root; nginx reads the second."""
    return (Directory(layout.acme, 0o700, serving=True), Directory(layout.challenges, 0o755, serving=True))


def order(layout: Layout, subject: Subject, request: str, python: str, trusted: str) -> Run:
    """Return the command that orders a certificate; `request` is what is signed (a CSR, PEM), which is no secret.

    `trusted` is the file of the CAs that the machine trusts, empty where it has none: a private one's may be there.
    """
    server = ("--server", subject.tls.directory, "--email", subject.tls.email)
    where = ("--folder", str(layout.acme), "--challenges", str(layout.challenges))
    return Run(
        (python, "-I", "-m", "uncork.machine.acme", *server, *where, "--request", request),
        f"get a certificate for {', '.join(subject.names)}",
        MOST + 15,
        layout.acme,
        env=(("REQUESTS_CA_BUNDLE", trusted),) if trusted else (),
        serving=True,
    )
