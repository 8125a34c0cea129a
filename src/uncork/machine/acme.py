"""`python -m uncork.machine.acme`: orders a certificate from a CA by ACME (RFC 8555), and prints what came of it.

It runs as an unprivileged account, since it reads what a CA sends; the certificate's key never gets here.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from uncork.machine.acme_failures import explained
from uncork.recipes.acme import MOST

if TYPE_CHECKING:
    from acme.client import ClientV2
    from acme.messages import AuthorizationResource, ChallengeBody, OrderResource
    from josepy.jwk import JWKEC

WELL_KNOWN: Final = ".well-known/acme-challenge"  # RFC 8555, section 8.3
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{1,512}")
AGENT: Final = "uncork"
TIMEOUT: Final = 30


class Asked(argparse.Namespace):
    """What the command line says: the CA, the account, where its key and the answers to challenges are, and the CSR."""

    server: str
    email: str
    folder: Path
    challenges: Path
    request: str


def main(argv: list[str]) -> int:
    """Print, as JSON, the certificate with those between it and the CA (`chain`), or the `problem` and the `fix`."""
    asked = _asked(argv)
    try:
        told = {"chain": order(asked)}
    except Exception as error:  # noqa: BLE001 -- whatever a CA sends, it is told, and asked again later
        problem, fix = explained(error, asked.server)
        told = {"problem": problem, "fix": fix}
    sys.stdout.write(json.dumps(told))
    return 0


def order(asked: Asked) -> str:
    """Return the certificate that the CA gives for the names in the request, and those that lead to the CA, in PEM."""
    key = _account_key(asked.folder / f"{sha256(asked.server.encode()).hexdigest()[:16]}.pem")
    client = _client(asked, key)
    deadline = datetime.now() + timedelta(seconds=MOST)  # noqa: DTZ005 -- as the library has it
    made = client.new_order(asked.request.encode())
    with _answered(client, made, key, asked.challenges / WELL_KNOWN):
        return str(client.poll_and_finalize(made, deadline).fullchain_pem)


def _asked(argv: list[str]) -> Asked:
    parser = argparse.ArgumentParser("uncork.machine.acme", description="Orders a certificate from a CA by ACME.")
    parser.add_argument("--server", required=True, help="the URL of the CA's directory")
    parser.add_argument("--email", default="", help="the address of the account at the CA")
    parser.add_argument("--folder", type=Path, required=True, help="where the keys of accounts are")
    parser.add_argument("--challenges", type=Path, required=True, help="the root of the URLs that the CA asks for")
    parser.add_argument("--request", required=True, help="what the CA is to sign: a CSR in PEM")
    return parser.parse_args(argv, Asked())


def _client(asked: Asked, key: "JWKEC") -> "ClientV2":
    """Return a client with an account at the CA: that of the key, which is registered if it is not yet.

    One that is there learns of the address that is wanted now.
    """
    from acme.client import ClientNetwork, ClientV2
    from acme.errors import ConflictError
    from acme.messages import NewRegistration, Registration, RegistrationResource
    from josepy.jwa import ES256

    net = ClientNetwork(key, alg=ES256, user_agent=AGENT, timeout=TIMEOUT)
    client = ClientV2(ClientV2.get_directory(asked.server, net), net)
    wanted = NewRegistration.from_data(email=asked.email or None, terms_of_service_agreed=True)
    try:
        client.new_account(wanted)
    except ConflictError as known:
        there = RegistrationResource(uri=known.location, body=wanted)
        client.update_registration(there, Registration.from_data(email=asked.email or None))
    return client


def _account_key(path: Path) -> "JWKEC":
    """Return the key of the account at a CA, 0600; it is made the first time."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from josepy.jwk import JWKEC

    from uncork.machine.certificates import pem

    if not path.exists():
        _write(path, pem(ec.generate_private_key(ec.SECP256R1())), 0o600)
    return JWKEC(key=load_pem_private_key(path.read_bytes(), None))


def _write(path: Path, text: str, mode: int) -> None:
    """Write a file whole or not at all."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        os.fchmod(descriptor, mode)
    new.replace(path)


@dataclass(frozen=True)
class _Challenge:
    """What the CA asks for, at the URL that ends in `token`, and what it is to find there."""

    body: "ChallengeBody"
    token: str


@contextmanager
def _answered(client: "ClientV2", made: "OrderResource", key: "JWKEC", folder: Path) -> Iterator[None]:
    """Answer the challenges of an order inside; a name that was proven lately has none."""
    from acme.messages import STATUS_PENDING

    pending = [_challenge(one) for one in made.authorizations if one.body.status == STATUS_PENDING]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for challenge in pending:
            response, said = challenge.body.response_and_validation(key)
            _write(folder / challenge.token, said, 0o644)
            client.answer_challenge(challenge.body, response)
        yield
    finally:
        for challenge in pending:
            (folder / challenge.token).unlink(missing_ok=True)


def _challenge(authorization: "AuthorizationResource") -> _Challenge:
    """Return the challenge by HTTP. Its token names a file of ours, so it may be nothing but a name."""
    from acme.challenges import HTTP01

    name = authorization.body.identifier.value
    body = next((one for one in authorization.body.challenges if isinstance(one.chall, HTTP01)), None)
    if body is None:
        raise LookupError(f"the CA does not offer to look for {name} by HTTP")
    token = body.chall.encode("token")
    if not TOKEN.fullmatch(token):
        raise LookupError(f"the CA asks for a token for {name} that is none")
    return _Challenge(body, token)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
