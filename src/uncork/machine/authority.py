"""The local CA of a state directory, made once, and the certificates that it signs."""

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from socket import gethostname
from typing import TYPE_CHECKING, Final

from uncork.errors import StepFailedError, UserError
from uncork.machine import files
from uncork.machine.certificates import SOON, left, now, pem
from uncork.machine.person import account_name
from uncork.model import Account
from uncork.plan import Certify, File

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate, CertificateBuilder, GeneralName, KeyUsage, Name

AUTHORITY_LIFE: Final = timedelta(days=3650)
# What Apple takes at most of any certificate (https://support.apple.com/en-us/103769).
LIFE: Final = timedelta(days=825)
SKEW: Final = timedelta(hours=1)
"""How wrong a visitor's clock may be."""
LONGEST: Final = 64  # of a name in a certificate (RFC 5280, ub-common-name)


@dataclass(frozen=True)
class _Authority:
    certificate: "Certificate"
    key: "EllipticCurvePrivateKey"


def issue(step: Certify, account: Account | None) -> None:
    """Make a certificate of the local CA, which is made too if there is none that will do. Raises StepFailedError."""
    try:
        text = _signed(_authority(step.authority, step.authority_key), step.names)
    except (ValueError, TypeError, UserError) as error:
        reason = f"the local CA in {step.authority.parent} can't be used ({error}); without the folder it is made anew"
        raise StepFailedError(step.why, reason) from error
    files.write(File(step.path, text, secret=True), account if step.serving else None)


def _authority(path: Path, key_path: Path) -> _Authority:
    """Return the CA of the state directory; one that is about to end, or has lost its key, is replaced."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if not (path.exists() and key_path.exists()):
        return _made(path, key_path)
    certificate = x509.load_pem_x509_certificate(files.read(path).encode())
    key = load_pem_private_key(files.read(key_path).encode(), None)
    if not isinstance(key, EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise ValueError("its key is not that of its certificate")
    return _Authority(certificate, key) if left(certificate) > SOON else _made(path, key_path)


def _made(path: Path, key_path: Path) -> _Authority:
    """Make the CA. Its key stays with who deploys: as root that is not the account which serves."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    key = _key()
    name = _named("uncork local CA", f"{account_name()}@{gethostname()}")
    builder = (
        _begun(name, name, key, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
    )
    certificate = builder.sign(key, hashes.SHA256())
    files.write(File(key_path, pem(key), 0o600), None)
    files.write(File(path, pem(certificate)), None)
    return _Authority(certificate, key)


def _signed(authority: _Authority, names: tuple[str, ...]) -> str:
    """Return a certificate for those names, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID

    key, issuer = _key(), authority.certificate
    issued_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = (
        _begun(_named(names[0]), issuer.subject, key, min(LIFE, left(issuer)))
        .add_extension(x509.SubjectAlternativeName(_general(name) for name in names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(issued_by, critical=False)
    )
    return pem(builder.sign(authority.key, hashes.SHA256())) + pem(key)


def _begun(name: "Name", issuer: "Name", key: "EllipticCurvePrivateKey", life: timedelta) -> "CertificateBuilder":
    from cryptography import x509

    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - SKEW)
        .not_valid_after(now() + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _key() -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _named(name: str, unit: str = "") -> "Name":
    from cryptography import x509

    given = ((x509.NameOID.COMMON_NAME, name), (x509.NameOID.ORGANIZATIONAL_UNIT_NAME, unit))
    return x509.Name([x509.NameAttribute(kind, text[:LONGEST]) for kind, text in given if text])


def _usage(*, signs: bool) -> "KeyUsage":
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _general(name: str) -> "GeneralName":
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        return x509.DNSName(name)
