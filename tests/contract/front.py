"""nginx as the supervisor would start it, before servers that answer with what they were asked."""

import http.client
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread

import pytest

from tests.contract.house import Quiet
from uncork.apply import apply
from uncork.fronts.dialect import Dialect
from uncork.fronts.host import Compiled, Host
from uncork.fronts.nginx import Nginx
from uncork.fronts.system_nginx import SystemNginx
from uncork.layout import Layout
from uncork.machine import processes, tools
from uncork.machine.waits import answer
from uncork.plan import Answer, File, Plan
from uncork.recipes import provision
from uncork.recipes.front import Served
from uncork.recipes.https import settled
from uncork.serving import Address, Protocol, Site
from uncork.workflows.https import secured

SYSTEM = """
{user}
daemon off;
pid {home}/nginx.pid;
error_log stderr;
events {{}}
http {{
    client_body_temp_path {home}/body;
    uwsgi_temp_path {home}/uwsgi;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    scgi_temp_path {home}/scgi;
    include {home}/zz-uncork*.conf;
}}
"""
# What the runtime says of a response, by the query that asks for it.
ROUTES = {
    "route": 'X-Uncork-Route: 12 /läden/"<name>"\r\n',
    "no-route": "X-Uncork-Route: 12\r\n",
    "forged": 'X-Uncork-Route: 1,"a":2 /\r\n',
}


class Upstream(Thread):
    """Answers each request with the variables, or the header fields, that it came with."""

    def __init__(self, path: Path, speaks: Protocol) -> None:
        super().__init__(daemon=True)
        self._speaks = speaks
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        path.chmod(0o666)
        self._listener.listen()
        self.start()

    def run(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            self.serve(connection)

    def serve(self, connection: socket.socket) -> None:
        with connection:
            connection.sendall(self.answer(self.heard(connection)))

    def heard(self, connection: socket.socket) -> dict[str, str]:
        """The variables or header fields of a request."""
        return _uwsgi(connection) if self._speaks is Protocol.UWSGI else _http(connection)

    def answer(self, said: dict[str, str]) -> bytes:
        body = json.dumps(said).encode()
        head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-ID: the-app-s-own\r\n"
        head += ROUTES.get(said.get("QUERY_STRING", ""), "")
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _uwsgi(connection: socket.socket) -> dict[str, str]:
    size: int = struct.unpack("<xHx", connection.recv(4, socket.MSG_WAITALL))[0]
    data = connection.recv(size, socket.MSG_WAITALL)
    words, at = [], 0
    while at < len(data):
        (length,) = struct.unpack_from("<H", data, at)
        words.append(data[at + 2 : at + 2 + length].decode("utf-8", "surrogateescape"))
        at += 2 + length
    said = dict(zip(words[::2], words[1::2], strict=True))
    # A socket that is closed with something unread is reset, and so may be the answer.
    connection.recv(int(said.get("CONTENT_LENGTH") or 0), socket.MSG_WAITALL)
    return said


def _http(connection: socket.socket) -> dict[str, str]:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    first, *fields = data.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    return {"": first, **dict(field.split(": ", 1) for field in fields)}


@dataclass(frozen=True)
class Reply:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        (value,) = (value for key, value in self.headers if key.lower() == name.lower())
        return value

    @property
    def said(self) -> dict[str, str]:
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


@dataclass(frozen=True)
class Running:
    layout: Layout
    port: int
    tls_port: int = 0
    outside: bool = False
    buffers: bool = True

    def log(self, app: str) -> Path:
        """An app's access log."""
        paths = self.layout.app(app)
        return paths.outside_access_log if self.outside else paths.access_log

    def flush(self) -> None:
        """Have it write at once what it would keep for a second, if it does."""
        if not self.buffers:
            return
        pid = self.layout.home / "nginx.pid" if self.outside else self.layout.front_pid
        os.kill(int(pid.read_text()), signal.SIGUSR1)

    def ask(
        self, path: str, host: str = "localhost", method: str = "GET", body: bytes | None = None, **headers: str
    ) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        connection.request(method, path, body, {"Host": host, **named})
        response = connection.getresponse()
        reply = Reply(response.status, response.getheaders(), response.read())
        connection.close()
        return reply


@contextmanager
def front(
    home: Path, sites: tuple[Site, ...], begin: Callable[[Path, Protocol], object] = Upstream
) -> Iterator[Running]:
    """nginx as the supervisor would start it, with a socket that is held for it; `begin` starts each app's server."""
    layout, nginx, account = Layout(home, home / "run"), Nginx(tools.nginx()), processes.account()
    if account and not processes.reachable(tools.nginx(), account):
        nginx = Nginx(str(home / "bin" / "nginx"), tools.nginx())
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        listener.settimeout(0)  # as the supervisor's: else of two workers the later may sit in accept(2)
        port = int(listener.getsockname()[1])
        address = settled(Address(port=port), sites)
        folders = [provision.folders(layout, site.app, root=account is not None) for site in sites]
        steps = [*(step for some in folders for step in some), *nginx.folders(layout)]
        certificates = secured(layout, Served(address, sites)).make
        files = nginx.files(layout, address, sites, account)
        apply(Plan((*steps, *certificates, *files, nginx.check(layout))), account, Quiet())
        for site in sites:
            begin(layout.app(site.app).entrance(site.speaks), site.speaks)
        stack.enter_context(_started(nginx.service(layout, address).argv, listener))
        yield Running(layout, port, address.tls_port)


@contextmanager
def system_front(home: Path, sites: tuple[Site, ...], dialect: Dialect | None = None) -> Iterator[Running]:
    """The system's nginx as the machine would run it, with the site of those apps in its config.

    It is spoken to as to one of an older `dialect`, if that is given.
    """
    layout, account = Layout(home, home / "run"), processes.account()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = settled(Address(port=int(listener.getsockname()[1])), sites)
    host = system_host(home)
    nginx = SystemNginx(
        replace(host, dialect=min(host.dialect, dialect or host.dialect, key=lambda one: one.version)), "_1"
    )
    config = home / "nginx.conf"
    steps = [
        *(step for site in sites for step in provision.folders(layout, site.app, root=account is not None)),
        *nginx.folders(layout),
        *secured(layout, Served(address, sites)).make,
        *(file for file in nginx.files(layout, address, sites, account) if file.path.is_relative_to(home)),
        File(config, SYSTEM.format(home=home, user=f"user {account.name};" if account else "")),
    ]
    apply(Plan(tuple(steps)), account, Quiet())
    for site in sites:
        Upstream(layout.app(site.app).entrance(site.speaks), site.speaks)
    with subprocess.Popen((nginx.host.binary, "-c", str(config)), stderr=subprocess.DEVNULL) as process:
        try:
            answer(Answer(address.bind, address.port, 10.0, "wait for nginx"))
            yield Running(layout, address.port, address.tls_port, outside=True)
        finally:
            process.terminate()
            process.wait(30)


def system_host(folder: Path) -> Host:
    """The system's nginx with sites in that folder; the test is skipped where there is none."""
    binary = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if not binary:
        pytest.skip("the system has no nginx: apt-get install nginx")
    said = subprocess.run([binary, "-V"], capture_output=True, text=True, check=True).stderr
    return Host(binary, Dialect(Compiled.of(said).version), "www-data", "/run/nginx.pid", str(folder), runs=True)


@contextmanager
def _started(argv: tuple[str, ...], listener: socket.socket) -> Iterator[None]:
    account, number = processes.account(), listener.fileno()
    identity = {"user": account.uid, "group": account.gid, "extra_groups": ()} if account else {}
    with subprocess.Popen(  # type: ignore[call-overload]
        argv, env={"NGINX": f"{number};"}, pass_fds=(number,), stderr=subprocess.DEVNULL, **identity
    ) as process:
        try:
            yield
        finally:
            process.terminate()  # its workers live on if it is killed
            process.wait(30)
