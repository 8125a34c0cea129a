"""The stacks that a change-over has to hold on: which server, behind which front, and what has to be on the machine."""

import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.machine_nginx import machine_nginx
from tests.e2e.state import Uncork, copied


def nothing() -> str:
    """What is missing for a stack that brings all that it needs."""
    return ""


@dataclass(frozen=True)
class Stack:
    """A server and a front, by the lines of [tool.uncork] that ask for them; `lacks` says what the machine has not.

    `keeps` says whether connections are kept.

    `beside` is what has to run on the machine meanwhile.

    The lines stand at the end of [tool.uncork]: keys and inline tables, no tables of their own.
    """

    name: str
    config: str = ""
    lacks: Callable[[], str] = nothing
    keeps: bool = True
    beside: Callable[[Uncork], AbstractContextManager[object]] = nullcontext

    def project(self, to: Path) -> Path:
        """A copy of `hello` that asks for this stack."""
        project = copied("hello", to)
        file = project / "pyproject.toml"
        text = file.read_text()
        own = text if "processes = " not in self.config else text.replace("processes = 2\n", "")
        file.write_text(f"{own}{self.config}\n")
        return project

    def needed(self) -> None:
        """Skip the test, and say so, where the machine lacks what the stack needs."""
        lacking = self.lacks()
        if lacking:
            pytest.skip(f"{self.name} needs {lacking}")


def apache() -> str:
    """Apache, and its module for WSGI."""
    modules = (Path("/usr/lib/apache2/modules"), Path("/usr/lib64/httpd/modules"), Path("/etc/httpd/modules"))
    if not (shutil.which("apache2", path="/usr/sbin:/usr/bin") or shutil.which("httpd", path="/usr/sbin:/usr/bin")):
        return "Apache: apt-get install apache2"
    found = any((folder / "mod_wsgi.so").exists() for folder in modules)
    return "" if found else "Apache's module for WSGI: apt-get install libapache2-mod-wsgi-py3"


def system_nginx() -> str:
    """The system's nginx, and root, who alone may write its sites."""
    if not shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin"):
        return "the system's nginx: apt-get install nginx"
    if not shutil.which("logrotate", path="/usr/sbin:/usr/bin"):
        return "what rotates the logs of the system's nginx: apt-get install logrotate"
    return "" if os.geteuid() == 0 else "root"


DEFAULT: Final = Stack("uwsgi-nginx")
STACKS: Final = (
    DEFAULT,
    Stack("uwsgi-http-nginx", 'server = {protocol = "http-socket"}'),
    Stack("uwsgi-gevent-nginx", "server = {gevent = 50}"),
    Stack("uwsgi-none", 'server = {protocol = "http"}', keeps=False),
    Stack("gunicorn-nginx", 'server = "gunicorn"'),
    Stack("gunicorn-threads-nginx", 'server = "gunicorn"\nthreads = 4'),
    Stack("gunicorn-gevent-nginx", 'server = {kind = "gunicorn", gevent = 50}'),
    Stack("granian-nginx", 'server = "granian"'),
    Stack("waitress-nginx", 'server = "waitress"\nprocesses = 1'),
    Stack("uwsgi-system-nginx", 'front = "system-nginx"', system_nginx, beside=machine_nginx),
    Stack("uwsgi-apache", 'front = "apache"', apache),
    Stack("mod_wsgi-apache", 'server = "mod_wsgi"', apache),
)
