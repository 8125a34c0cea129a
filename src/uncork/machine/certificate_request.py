"""A key, what a CA is to sign for it, and what it gave: the key is made here, and leaves for the front alone."""

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from uncork.errors import UserError
from uncork.machine.certificates import pem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate
FROM: Final = "From "
"""What the first line of the file begins with: it says which CA was asked."""


@dataclass(frozen=True)
class Request:
    """The names that are to be certified, the key, and the CSR, which is no secret, in PEM."""

    names: tuple[str, ...]
    key: "EllipticCurvePrivateKey"
    text: str


@dataclass(frozen=True)
class Issued:
    """A certificate, those between it and its CA, and its key, which the passphrase locks: `text`, in PEM.

    `server` is the URL of the CA's directory, which the text begins with. It is good from `begins` to `ends`, in epoch
    seconds.
    """

    text: str
    passphrase: str
    server: str
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


def issued(asked: Request, chain: str, server: str, passphrase: str = "") -> Issued:
    """Return what the CA at `server` gave for a request, the key locked by that passphrase, else by a new one.

    Raises UserError where it is no certificate for it.
    """
    from cryptography import x509

    fix = "choose another CA with `server` under [tls]"
    try:
        found = x509.load_pem_x509_certificates(chain.encode())
        known = _names(found[0])
    except (ValueError, x509.ExtensionNotFound) as error:
        raise UserError(f"what the CA gave is no certificate: {error}", fix) from error
    if found[0].public_key() != asked.key.public_key() or not set(asked.names) <= set(known):
        raise UserError(f"the CA gave a certificate that is not for {', '.join(asked.names)}", fix)
    by = passphrase or secrets.token_hex(32)
    # What stands before the first block is for readers of the file (RFC 7468, section 5.2).
    text = f"{FROM}{server}\n" + "".join(pem(one) for one in found) + _locked(asked.key, by)
    return Issued(text, by, server, asked.names, *_life(found[0]))


def kept(text: str, passphrase: str) -> Issued | None:
    """Return what such a text holds, None if it is none of a certificate with its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    server = text.partition("\n")[0].removeprefix(FROM)
    try:
        first = x509.load_pem_x509_certificate(text.encode())
        key = load_pem_private_key(text.encode(), passphrase.encode())
        belongs = key.public_key() == first.public_key()
        return Issued(text, passphrase, server, _names(first), *_life(first)) if belongs else None
    except (ValueError, TypeError, x509.ExtensionNotFound):
        return None


def _names(certificate: "Certificate") -> tuple[str, ...]:
    from cryptography import x509

    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return tuple(found.get_values_for_type(x509.DNSName))


def _life(certificate: "Certificate") -> tuple[float, float]:
    return certificate.not_valid_before_utc.timestamp(), certificate.not_valid_after_utc.timestamp()


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
