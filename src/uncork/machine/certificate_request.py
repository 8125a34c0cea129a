"""A key, what a CA is to sign for it, and what it gave: the key is made here, and leaves for the front alone."""

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uncork.errors import UserError
from uncork.machine.certificates import pem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

@dataclass(frozen=True)
class Request:
    """The names that are to be certified, the key, and the CSR, which is no secret, in PEM."""

    names: tuple[str, ...]
    key: "EllipticCurvePrivateKey"
    text: str


@dataclass(frozen=True)
class Issued:
    """A certificate, those between it and its CA, and its key, which the passphrase locks: `text`, in PEM.

    It is good from `begins` to `ends`, in epoch seconds.
    """

    text: str
    passphrase: str
    names: tuple[str, ...]
    begins: float
    ends: float


def request(names: tuple[str, ...], before: str = "", passphrase: str = "") -> Request:
    """Return a request for those names, by the key of the certificate of before if there is one.

    Who reads a certificate and its key while they are renewed is to find what belongs together.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding

    key = _key(before, passphrase)
    wanted = x509.SubjectAlternativeName(x509.DNSName(name) for name in names)
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(())).add_extension(wanted, critical=False)
    signed = builder.sign(key, hashes.SHA256())
    return Request(names, key, signed.public_bytes(Encoding.PEM).decode("ascii"))


def issued(asked: Request, chain: str, passphrase: str = "") -> Issued:
    """Return what a CA gave for a request, the key locked by that passphrase, else by a new one.

    Raises UserError where it is no certificate for it.
    """
    from cryptography import x509

    fix = "choose another CA with `server` under [tls]"
    try:
        found = x509.load_pem_x509_certificates(chain.encode())
        names = found[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        known = tuple(names.get_values_for_type(x509.DNSName))
    except (ValueError, x509.ExtensionNotFound) as error:
        raise UserError(f"what the CA gave is no certificate: {error}", fix) from error
    if found[0].public_key() != asked.key.public_key() or not set(asked.names) <= set(known):
        raise UserError(f"the CA gave a certificate that is not for {', '.join(asked.names)}", fix)
    begins, ends = found[0].not_valid_before_utc.timestamp(), found[0].not_valid_after_utc.timestamp()
    by = passphrase or secrets.token_hex(32)
    return Issued("".join(pem(one) for one in found) + _locked(asked.key, by), by, asked.names, begins, ends)


def _key(before: str, passphrase: str) -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        known = load_pem_private_key(before.encode(), passphrase.encode())
    except (ValueError, TypeError):
        known = None
    return known if isinstance(known, ec.EllipticCurvePrivateKey) else ec.generate_private_key(ec.SECP256R1())


def _locked(key: "EllipticCurvePrivateKey", passphrase: str) -> str:
    """Lock a key in the way that is undone fast, at each handshake: the passphrase is as hard to guess as a key is."""
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    by = BestAvailableEncryption(passphrase.encode())
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, by).decode("ascii")
