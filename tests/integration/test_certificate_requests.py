"""Certificates that a CA gives: what is taken from it, how the key is kept, and what is said where it gives none."""

from datetime import datetime, timedelta, timezone

import pytest
import requests
import trustme
from acme import errors, messages
from acme.challenges import HTTP01
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from uncork.errors import UserError
from uncork.machine.acme_failures import explained
from uncork.machine.certificate_request import Request, issued, kept, request
from uncork.machine.certificates import pem

CA = "https://ca.example/dir"
NAMES = ("shop.example", "www.shop.example")


def given(asked: Request, *names: str) -> str:
    """What a CA would give for a request."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(timezone.utc)
    csr = x509.load_pem_x509_csr(asked.text.encode())
    made = (
        x509.CertificateBuilder()
        .subject_name(csr.subject)
        .issuer_name(x509.Name(()))
        .public_key(csr.public_key())
        .serial_number(7)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName(x509.DNSName(name) for name in names), critical=False)
        .sign(key, hashes.SHA256())
    )
    return pem(made)


def test_a_certificate_comes_with_its_key_which_only_the_passphrase_unlocks() -> None:
    asked = request(NAMES)
    found = issued(asked, given(asked, *NAMES), CA)
    assert (found.names, round((found.ends - found.begins) / 86400)) == (NAMES, 90)
    with pytest.raises(TypeError):
        load_pem_private_key(found.text.encode(), None)
    assert pem(load_pem_private_key(found.text.encode(), found.passphrase.encode())) == pem(asked.key)
    assert len(found.passphrase) == 64


def test_a_renewed_certificate_has_the_key_of_the_one_before_so_that_no_handshake_finds_two_that_differ() -> None:
    first = issued(asked := request(NAMES), given(asked, *NAMES), CA)
    again = request(NAMES, first.text, first.passphrase)
    assert pem(again.key) == pem(asked.key)
    assert issued(again, given(again, *NAMES), CA, first.passphrase).passphrase == first.passphrase


def test_what_is_on_disk_already_is_known_by_itself() -> None:
    found = issued(asked := request(NAMES), given(asked, *NAMES), CA)
    assert kept(found.text, found.passphrase) == found
    assert kept(found.text, "another") is None
    assert kept("", "") is None


def test_a_key_that_can_t_be_unlocked_any_more_is_made_anew() -> None:
    first = issued(asked := request(NAMES), given(asked, *NAMES), CA)
    assert pem(request(NAMES, first.text, "another").key) != pem(asked.key)


def test_what_is_no_certificate_for_what_was_asked_is_not_taken() -> None:
    asked = request(NAMES)
    others = trustme.CA().issue_cert(*NAMES).cert_chain_pems[0].bytes().decode()
    for chain in ("", "nonsense", others, given(asked, NAMES[0])):
        with pytest.raises(UserError, match="the CA gave"):
            issued(asked, chain, CA)


def refused(code: str, detail: str) -> messages.Error:
    return messages.Error.with_code(code, detail=detail)


def not_proven(detail: str) -> errors.ValidationError:
    body = messages.ChallengeBody(chall=HTTP01(token=b"x" * 20), error=refused("connection", detail))
    name = messages.Identifier(typ=messages.IDENTIFIER_FQDN, value="shop.example")
    found = messages.Authorization(identifier=name, challenges=(body,))
    return errors.ValidationError([messages.AuthorizationResource(body=found)])


@pytest.mark.parametrize(
    ("error", "problem", "fix"),
    [
        (not_proven("192.0.2.7: refused"), "see that this machine is shop.example: shop.example: 192.0.2.7", "port 80"),
        (refused("rateLimited", "too many"), f"the CA at {CA} refused: too many", "limit"),
        (refused("externalAccountRequired", "no binding"), "no binding", "choose a CA"),
        (refused("invalidContact", "example.com is no domain"), "is no domain", "another `email`"),
        (errors.IssuanceError(refused("caa", "CAA forbids")), "CAA forbids", "another CA"),
        (errors.TimeoutError(), "did not come to an end", "each hour"),
        (requests.exceptions.SSLError("self-signed"), "does not trust", "ca-certificates"),
        (requests.exceptions.ConnectTimeout("timed out"), "can't be reached", "firewall"),
        (OSError(28, "No space left on device"), "can't be written", "room on the disk"),
        (errors.ClientError("<html>\n\x1b[31m no"), "does not answer as one: <html> [31m no", "directory"),
    ],
)
def test_what_went_wrong_at_a_ca_is_said_with_what_to_do(error: Exception, problem: str, fix: str) -> None:
    said = explained(error, CA)
    assert problem in said[0]
    assert fix in said[1]
    assert said[0].isprintable()
