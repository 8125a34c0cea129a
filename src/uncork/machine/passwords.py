"""Files of names and passwords, as `htpasswd` writes them."""

import re
from pathlib import Path
from typing import Final

from uncork.errors import UsageError
from uncork.machine.failure import plain
from uncork.machine.identity import acting_as
from uncork.model import Account

LARGEST: Final = 1024**2
# nginx and Apache both know crypt(3)'s, Apache's own MD5 and SHA1 (ngx_crypt.c, apr_passwd.c).
HASH: Final = re.compile(r"\$(1|2[aby]|5|6|apr1)\$\S+|\{S?SHA\}\S+")


def check(path: Path, account: Account | None) -> None:
    """Raise UsageError for a file that the account which serves can't read, or that lets nobody in."""
    try:
        with acting_as(account), path.open("rb") as file:
            lines = file.read(LARGEST).decode("utf-8", "replace").splitlines()
    except OSError as error:
        fix = "give the account that serves the right to read it" if account else "mend that, or name another file"
        raise UsageError(f"`basic_auth` of [[front.paths]]: {plain(error, path)}", fix) from error
    said = [line.partition(":") for line in lines if line.strip() and not line.startswith("#")]
    wrong = next((name for name, _, word in said if not HASH.fullmatch(word.partition(":")[0].strip())), None)
    if wrong is not None or not said:
        problem = f"the password of {wrong!a} is not hashed in a way that fronts know" if said else "it names nobody"
        fix = f"write the file with: htpasswd -B {path} NAME"
        raise UsageError(f"`basic_auth` of [[front.paths]]: {path}: {problem}", fix)
