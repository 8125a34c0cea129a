"""The system's Apache, and its module for WSGI: where they are, and which Python the module was built for."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from uncork.apache import Apache
from uncork.errors import UsageError

PATHS: Final = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"
NAMES: Final = ("apache2", "httpd")
FOLDERS: Final = (
    "/usr/lib/apache2/modules",
    "/usr/lib64/httpd/modules",
    "/usr/lib/httpd/modules",
    "/usr/lib64/apache2",
    "/usr/libexec/apache2",
    "/usr/local/libexec/apache24",
)
NEEDED: Final = ("mod_mpm_event.so", "mod_proxy_uwsgi.so", "mod_proxy_http.so")
WSGI: Final = ("mod_wsgi.so", "mod_wsgi_python3.so")
LIBRARY: Final = re.compile(rb"libpython(3\.\d+)")


def find() -> Apache:
    """Return the system's Apache. Raises UsageError, with the package to install, where there is none."""
    binary = next((found for name in NAMES if (found := shutil.which(name, path=PATHS))), None)
    folder = next((path for path in map(Path, FOLDERS) if all((path / name).is_file() for name in NEEDED)), None)
    if not binary or not folder:
        raise UsageError(
            "Apache is not installed on this machine" if not binary else "Apache has no modules here for a proxy",
            "install it: `apt-get install apache2`, or `dnf install httpd`; its own service may stay off",
        )
    return Apache(binary, str(folder), "", "")


def with_wsgi() -> Apache:
    """Return the system's Apache with its module for WSGI. Raises UsageError, with the package, where it lacks one."""
    apache = find()
    module = next(_modules(Path(apache.modules)), None)
    python = _python(module) if module else ""
    if not module or not python:
        raise UsageError(
            "Apache has no module for WSGI on this machine",
            "install it: `apt-get install libapache2-mod-wsgi-py3`, or `dnf install python3-mod_wsgi`",
        )
    return Apache(apache.binary, apache.modules, str(module), python)


def _modules(folder: Path) -> Iterator[Path]:
    return (path for name in WSGI if (path := folder / name).is_file())


def _python(module: Path) -> str:
    """It is linked with the library of the one Python that it can be used with."""
    found = LIBRARY.search(module.read_bytes())
    return found[1].decode() if found else ""
