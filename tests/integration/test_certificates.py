"""Certificates on disk: those that are given, and those of the local CA."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from uncork.errors import StepFailedError, UsageError
from uncork.machine import authority, certificates
from uncork.machine.authority import issue
from uncork.plan import Certify

DAY = timedelta(days=1)
NAMES = ("shop.localhost", "*.example.com", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, in files."""

    certificate: Path
    key: Path

    def refusal(self, *domains: str) -> str:
        with pytest.raises(UsageError) as refused:
            certificates.given(self.certificate, self.key, domains)
        assert refused.value.fix
        return refused.value.problem


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return made(tmp_path, "example.com", "*.shop.example")


def made(folder: Path, *names: str, **more: datetime) -> Pair:
    issued = trustme.CA().create_child_ca().issue_cert(*names, **more)
    pair = Pair(folder / "site.pem", folder / "site.key")
    pair.certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(pair.key))
    return pair


def test_a_good_certificate_is_taken_with_those_that_lead_to_its_ca(pair: Pair) -> None:
    found = certificates.given(pair.certificate, pair.key, ("example.com", "*.shop.example", "www.shop.example"))
    assert found.count("BEGIN CERTIFICATE") == 2
    assert found.count("BEGIN PRIVATE KEY") == 1


def test_one_without_names_will_do_for_an_app_without_domains(pair: Pair) -> None:
    assert certificates.given(pair.certificate, pair.key, ())


@pytest.mark.parametrize("domain", ["example.org", "www.example.com", "a.b.shop.example", "shop.example"])
def test_one_for_other_names_is_refused(pair: Pair, domain: str) -> None:
    assert f"not for {domain}" in pair.refusal("example.com", domain)


def test_one_that_has_ended_is_refused(tmp_path: Path) -> None:
    now = certificates.now()
    assert "ended" in made(tmp_path, "a.example", not_before=now - 2 * DAY, not_after=now - DAY).refusal()


def test_one_that_has_not_begun_is_refused(tmp_path: Path) -> None:
    now = certificates.now()
    assert "begins only" in made(tmp_path, "a.example", not_before=now + DAY, not_after=now + 2 * DAY).refusal()


def test_the_key_of_another_is_refused(pair: Pair) -> None:
    trustme.CA().issue_cert("example.com").private_key_pem.write_to_path(str(pair.key))
    assert "is not that of the certificate" in pair.refusal()


def test_a_chain_the_wrong_way_round_is_refused(pair: Pair) -> None:
    first, second = x509.load_pem_x509_certificates(pair.certificate.read_bytes())
    pair.certificate.write_text(certificates.pem(second) + certificates.pem(first))
    assert "the first certificate" in pair.refusal()


def test_a_key_that_is_locked_is_refused(pair: Pair) -> None:
    key = load_pem_private_key(pair.key.read_bytes(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    pair.key.write_bytes(locked)
    assert "passphrase" in pair.refusal()


@pytest.mark.parametrize("text", ["", "no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate_or_no_key_is_refused(pair: Pair, text: str) -> None:
    good = pair.certificate.read_text()
    pair.certificate.write_text(text)
    assert "no certificate" in pair.refusal()
    pair.certificate.write_text(good)
    pair.key.write_text(text)
    assert "no private key" in pair.refusal()


def test_a_file_that_never_ends_is_refused_without_being_read_to_its_end(pair: Pair) -> None:
    pair.certificate.unlink()
    pair.certificate.symlink_to("/dev/zero")
    assert "no certificate" in pair.refusal()


def test_a_file_that_is_not_there_is_named(pair: Pair) -> None:
    pair.key.unlink()
    assert str(pair.key) in pair.refusal()


@pytest.fixture
def step(tmp_path: Path) -> Iterator[Certify]:
    return Certify(tmp_path / "own.pem", NAMES, tmp_path / "tls" / "ca.pem", tmp_path / "tls" / "ca.key", "make it")


def shaken(step: Certify, name: str) -> str | None:
    """The version that a strict client, who trusts the CA alone, speaks with the site."""
    site, visitor = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cafile=str(step.authority))
    site.load_cert_chain(step.path)
    visitor.verify_flags |= ssl.VERIFY_X509_STRICT
    here, there = socket.socketpair()
    with here, there:
        answering = Thread(target=_answer, args=(site, there))
        answering.start()
        try:
            with visitor.wrap_socket(here, server_hostname=name) as connection:
                return connection.version()
        finally:
            answering.join()


def _answer(site: ssl.SSLContext, connection: socket.socket) -> None:
    with suppress(OSError), site.wrap_socket(connection, server_side=True) as secure:
        secure.recv(1)


def test_the_local_ca_is_made_once_and_what_it_signs_is_trusted_by_who_trusts_it(step: Certify) -> None:
    issue(step, None)
    first = step.authority.read_bytes()
    issue(step, None)
    assert step.authority.read_bytes() == first
    assert certificates.lasts(step.path, step.authority)
    for name in ("shop.localhost", "www.example.com", "127.0.0.1", "::1"):
        assert shaken(step, name) == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken(step, "example.org")


def test_what_another_ca_signed_will_not_do(step: Certify, tmp_path: Path) -> None:
    issue(step, None)
    issue(Certify(tmp_path / "x.pem", NAMES, tmp_path / "2" / "ca.pem", tmp_path / "2" / "ca.key"), None)
    assert not certificates.lasts(tmp_path / "x.pem", step.authority)
    assert not certificates.lasts(tmp_path / "nowhere.pem", step.authority)


def test_one_that_ends_soon_will_not_do(step: Certify, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authority, "LIFE", certificates.SOON - DAY)
    issue(step, None)
    assert not certificates.lasts(step.path, step.authority)


def test_a_ca_that_has_lost_its_key_is_made_anew(step: Certify) -> None:
    issue(step, None)
    step.authority_key.unlink()
    before = step.authority.read_bytes()
    issue(step, None)
    assert step.authority.read_bytes() != before


def test_a_ca_that_is_broken_is_told_and_not_overwritten(step: Certify) -> None:
    issue(step, None)
    step.authority.write_text("broken")
    with pytest.raises(StepFailedError, match="can't be used"):
        issue(step, None)
    assert step.authority.read_text() == "broken"
