"""Certificates as they are on disk: whether one will do, when it ends, and what is wrong with one that is given."""

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Final

from uncork.errors import UsageError
from uncork.machine.failure import plain

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.x509 import Certificate

SOON: Final = timedelta(days=60)
"""What ends sooner is made anew at the next occasion."""
LARGEST: Final = 1024**2


def lasts(path: Path, authority: Path) -> bool:
    """Return whether a certificate of the CA as it is now is there, and will be good for some time."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    try:
        leaf, by = (x509.load_pem_x509_certificate(file.read_bytes()) for file in (path, authority))
        leaf.verify_directly_issued_by(by)
    except (OSError, ValueError, TypeError, InvalidSignature):
        return False
    return left(leaf) > SOON


def ends(path: Path) -> datetime | None:
    """Return when the certificate in a file ends; None if there is none."""
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    except (OSError, ValueError):
        return None


def trusted(authority: Path) -> bool:
    """Return whether this machine trusts a CA; browsers with a store of their own may not yet."""
    import ssl  # 5 ms, for those with a local CA alone

    try:
        der = ssl.PEM_cert_to_DER_cert(authority.read_text("ascii"))
    except (OSError, ValueError):
        return False
    return der in ssl.create_default_context().get_ca_certs(binary_form=True)


def given(certificate: Path, key: Path, domains: tuple[str, ...]) -> str:
    """Return a certificate, those between it and its CA, and its key, from their files, in PEM.

    Raises UsageError for what no visitor's browser would take. They must belong together, be good today and for each of
    the domains.
    """
    chain = _chain(certificate)
    own = _private(key)
    _belong_together(chain, own, certificate, key)
    _is_of_today(chain[0], certificate)
    _is_for(chain[0], certificate, domains)
    return "".join(pem(each) for each in chain) + pem(own)


def pem(what: "Certificate | PrivateKeyTypes") -> str:
    """Return a certificate, or a key that no passphrase locks, as text."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    if isinstance(what, x509.Certificate):
        return what.public_bytes(Encoding.PEM).decode()
    return what.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def left(certificate: "Certificate") -> timedelta:
    """Return for how long a certificate is still good."""
    return certificate.not_valid_after_utc - now()


def now() -> datetime:
    """Return the time, UTC."""
    return datetime.now(timezone.utc)


def _chain(path: Path) -> "list[Certificate]":
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(_read(path))
    except ValueError as error:
        fix = "name a file in PEM, which has lines of -----BEGIN CERTIFICATE-----"
        raise UsageError(f"`cert` of [tls]: {path} holds no certificate in PEM: {error}", fix) from error


def _private(path: Path) -> "PrivateKeyTypes":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(_read(path), None)
    except TypeError as error:
        fix = f"nobody is there to say it when the front starts; take it off: openssl pkey -in {path} -out FILE"
        raise UsageError(f"`key` of [tls]: {path} is locked by a passphrase", fix) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        fix = "name a file in PEM, which has a line of -----BEGIN PRIVATE KEY-----"
        raise UsageError(f"`key` of [tls]: {path} holds no private key in PEM: {error}", fix) from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST)
    except OSError as error:
        fix = "name a file that whoever deploys can read; a relative path begins in the project"
        raise UsageError(f"[tls]: {plain(error, path)}", fix) from error


def _belong_together(chain: "list[Certificate]", own: "PrivateKeyTypes", certificate: Path, key: Path) -> None:
    matching = [number for number, each in enumerate(chain) if each.public_key() == own.public_key()]
    if not matching:
        fix = "name the key that the certificate was made with"
        raise UsageError(f"[tls]: the key in {key} is not that of the certificate in {certificate}", fix)
    if matching[0]:
        fix = "put the site's own certificate first in the file, and its CA's after it"
        raise UsageError(f"[tls]: the first certificate in {certificate} is not the one that the key is for", fix)


def _is_of_today(certificate: "Certificate", path: Path) -> None:
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if end < now():
        raise UsageError(f"[tls]: the certificate in {path} ended at {end:%Y-%m-%d %H:%M} UTC", "renew it")
    if begin > now():
        fix = "look at this machine's clock, or wait"
        raise UsageError(f"[tls]: the certificate in {path} begins only at {begin:%Y-%m-%d %H:%M} UTC", fix)


def _is_for(certificate: "Certificate", path: Path, domains: tuple[str, ...]) -> None:
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        known = {name.lower() for name in names.get_values_for_type(x509.DNSName)}
    except x509.ExtensionNotFound:
        known = set()
    missing = [domain for domain in domains if not {domain, f"*.{domain.partition('.')[2]}"} & known]
    if missing:
        said = f"is for {', '.join(sorted(known))}" if known else "names no host"
        fix = "use a certificate that names it too, or take it out of `domains`"
        raise UsageError(f"[tls]: the certificate in {path} {said}, and not for {missing[0]}", fix)
