"""Files from a package index, kept by their hashes in this user's cache."""

import base64
import hashlib
import netrc
import os
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO, Final
from urllib.error import HTTPError
from urllib.parse import SplitResult, unquote, urlsplit

from uncork.errors import UserError

TIMEOUT: Final = 60.0
CHUNK: Final = 1 << 18
REFUSED: Final = frozenset({401, 403})
NETRC: Final = "netrc"


def cache() -> Path:
    """Return the folder where this user's uncork keeps what it could get again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "uncork")


def fetch(name: str, where: str, sha256: str) -> Path:
    """Return the file of that name and SHA-256 (hex), got from a URL, or a path here, unless it was before.

    Proxies and certificates are those of the environment, passwords those in the URL or ~/.netrc. Raises UserError.
    """
    path = cache() / "wheels" / sha256 / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            new = Path(folder, name)
            try:
                got = _pour(where, new)
            except (OSError, HTTPException) as error:
                raise _failed(name, where, error) from error
            if got != sha256:
                raise UserError(
                    f"{name} is not what was locked: its hash differs", "run it again; if it stays so, lock"
                )
            new.rename(path)
    return path


def _pour(where: str, to: Path) -> str:
    """Write what is there to a file, and return its SHA-256."""
    digest = hashlib.sha256()
    with _opened(where) as stream, to.open("wb") as file:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


@contextmanager
def _opened(where: str) -> Iterator[BinaryIO]:
    parts = urlsplit(where)
    if parts.scheme in {"", "file"}:
        with Path(unquote(parts.path)).open("rb") as file:
            yield file
        return
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    request = urllib.request.Request(bare.geturl())  # noqa: S310 -- where uv found it
    if said := _who(parts):
        # Not for whoever it sends us on to.
        request.add_unredirected_header("Authorization", f"Basic {base64.b64encode(said.encode()).decode()}")
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310
        yield response


def _who(parts: SplitResult) -> str:
    """Return `user:password` for a host, empty if there is none."""
    if parts.username is not None:
        return f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    path = os.environ.get(NETRC.upper()) or Path.home() / f".{NETRC}"
    try:
        found = netrc.netrc(path).authenticators(parts.hostname or "")
    except (OSError, netrc.NetrcParseError):
        return ""
    return f"{found[0]}:{found[2]}" if found else ""


def _failed(name: str, where: str, error: Exception) -> UserError:
    host = urlsplit(where).hostname or where
    fix = f"see that this computer reaches {host}, and run it again"
    if isinstance(error, HTTPError) and error.code in REFUSED:
        fix = f"write the user and the password for {host} into ~/.netrc"
    return UserError(f"could not get {name} from {host}: {error}", fix)
