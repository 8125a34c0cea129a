"""A key, what a CA is to sign for it, and what it gave: the key is made here, and leaves for the front alone."""

from dataclasses import dataclass

from uncork.errors import UserError
from uncork.machine.certificates import pem


@dataclass(frozen=True)
class Request:
    """The names that are to be certified, the key in PEM, and the CSR, which is no secret, in PEM."""

    names: tuple[str, ...]
    key: str
    text: str


@dataclass(frozen=True)
class Issued:
    """A certificate with those between it and its CA, and its key, in PEM; from when to when, in epoch seconds."""

    text: str
    names: tuple[str, ...]
    begins: float
    ends: float


def request(names: tuple[str, ...]) -> Request:
    """Return a request for those names, with a key of its own."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding

    key = ec.generate_private_key(ec.SECP256R1())
    wanted = x509.SubjectAlternativeName(x509.DNSName(name) for name in names)
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(())).add_extension(wanted, critical=False)
    signed = builder.sign(key, hashes.SHA256())
    return Request(names, pem(key), signed.public_bytes(Encoding.PEM).decode("ascii"))


def issued(asked: Request, chain: str) -> Issued:
    """Return what a CA gave for a request. Raises UserError where that is no certificate for it."""
    from cryptography import x509

    fix = "choose another CA with `server` under [tls]"
    try:
        found = x509.load_pem_x509_certificates(chain.encode())
        names = found[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        known = tuple(names.get_values_for_type(x509.DNSName))
    except (ValueError, x509.ExtensionNotFound) as error:
        raise UserError(f"what the CA gave is no certificate: {error}", fix) from error
    key = x509.load_pem_x509_csr(asked.text.encode()).public_key()
    if found[0].public_key() != key or not set(asked.names) <= set(known):
        raise UserError(f"the CA gave a certificate that is not for {', '.join(asked.names)}", fix)
    begins, ends = found[0].not_valid_before_utc.timestamp(), found[0].not_valid_after_utc.timestamp()
    return Issued("".join(pem(one) for one in found) + asked.key, asked.names, begins, ends)
