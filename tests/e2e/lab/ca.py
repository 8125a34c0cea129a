"""A CA that gives certificates by ACME in a lab: pebble, with a DNS in which every name is one machine."""

import json
import shutil
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import trustme

from tests.e2e.lab.machines import Machine, until

PROGRAMS: Final = ("pebble", "pebble-challtestsrv")
ACME, CONSOLE, DNS = 14000, 15000, 8053


@dataclass
class Authority:
    """The CA, on an address of this computer; `root` is the certificate that it signs by."""

    address: str
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its directory."""
        return f"https://{self.address}:{ACME}/dir"

    @property
    def root(self) -> Path:
        """What visitors are to trust; another one each time it starts."""
        return self.folder / "root.pem"

    def start(self) -> None:
        """Have it answer."""
        argv = ("pebble", "-strict", "-config", self.folder / "config.json", "-dnsserver", f"{self.address}:{DNS}")
        env = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PATH": "/usr/bin"}
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(argv, env=env, stdout=log, stderr=log)
        until(self._answers, 20, f"pebble does not answer: {self.folder / 'log'}")

    def stop(self) -> None:
        """Have it answer nobody."""
        if self.process:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def _answers(self) -> bool:
        anybody = ssl._create_unverified_context()
        with (
            suppress(OSError),
            urllib.request.urlopen(self.url, context=anybody),
            urllib.request.urlopen(f"https://{self.address}:{CONSOLE}/roots/0", context=anybody) as it,
        ):
            self.root.write_bytes(it.read())
            return True
        return False


@contextmanager
def authority(address: str, machine: Machine, folder: Path) -> Iterator[Authority]:
    """A CA on that address of this computer, which the machine trusts, and for which all names are the machine's."""
    if not all(shutil.which(program) for program in PROGRAMS):
        pytest.skip("certificates need apt-get install pebble")
    issuer = trustme.CA()
    own = issuer.issue_cert(address)
    (folder / "own.pem").write_bytes(b"".join(pem.bytes() for pem in own.cert_chain_pems))
    own.private_key_pem.write_to_path(str(folder / "own.key"))
    (folder / "config.json").write_text(json.dumps({"pebble": _config(address, folder)}))
    (machine.root / "usr/local/share/ca-certificates/lab.crt").write_bytes(issuer.cert_pem.bytes())
    machine.sh("update-ca-certificates")
    found = Authority(address, folder)
    names = _names(address, machine)
    try:
        found.start()
        yield found
    finally:
        found.stop()
        names.kill()
        names.wait(10)


def _names(address: str, machine: Machine) -> subprocess.Popen[bytes]:
    """A DNS that knows one address."""
    off = ("-defaultIPv6", "", "-http01", "", "-https01", "", "-tlsalpn01", "", "-management", "")
    argv = ("pebble-challtestsrv", "-defaultIPv4", machine.address, *off, "-dns01", f"{address}:{DNS}")
    return subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _config(address: str, folder: Path) -> dict[str, object]:
    return {
        "listenAddress": f"{address}:{ACME}",
        "managementListenAddress": f"{address}:{CONSOLE}",
        "certificate": str(folder / "own.pem"),
        "privateKey": str(folder / "own.key"),
        "httpPort": 80,
        "tlsPort": 443,
        "ocspResponderURL": "",
        "externalAccountBindingRequired": False,
    }
