"""The lab itself: what the other tests rest on."""

import os
import re
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from tests.e2e.lab.bridge import Lab
from tests.e2e.lab.client import Client
from tests.e2e.lab.machines import Machine, until
from tests.e2e.lab.tree import differences


def test_a_machine_is_a_debian_with_systemd_that_one_can_log_in_to_and_that_reboots(bare: Machine) -> None:
    assert bare.sh("cat /proc/1/comm").strip() == "systemd"
    assert bare.sh("sudo -n id -u", "deploy").strip() == "0"
    bare.reboot()
    assert bare.sh("systemctl is-system-running --wait").strip() == "running"


def test_a_machine_installs_packages_from_the_bridge_and_reaches_nothing_else(bare: Machine, lab: Lab) -> None:
    before = bare.tree()
    bare.sh("apt-get update -qq && apt-get install -qqy nginx")
    assert bare.sh("systemctl is-active nginx").strip() == "active"
    assert "usr/sbin/nginx: nothing -> -rwxr-xr-x 0:0" in "\n".join(differences(before, bare.tree()))
    bare.sh(f"curl -sf http://{lab.bridge}:8000/simple/flask/ | grep -q 'Flask\\|flask'")
    assert bare.tried("curl -s --max-time 5 https://pypi.org").code != 0


def test_a_client_logs_in_by_the_machines_name_until_it_is_cut_off(bare: Machine, client: Client) -> None:
    def said() -> list[str]:
        ssh = ("ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=1", bare.name, "hostname; id -un")
        done = subprocess.run(ssh, env=client.environment(), capture_output=True, text=True, check=False)
        return done.stdout.split()

    assert said() == [bare.name, "deploy"]
    bare.cut()
    assert said() == []
    bare.join()
    until(lambda: said() == [bare.name, "deploy"], 15, f"{bare.name} is not back")


def test_a_shared_connection_that_was_stopped_keeps_nobody_from_the_machine(ready: Machine, client: Client) -> None:
    def asked() -> tuple[float, str]:
        before = time.monotonic()
        done = client.run("server", "status", ready.name).ok()
        return time.monotonic() - before, done.err

    with tempfile.TemporaryDirectory() as own:
        client.env["XDG_RUNTIME_DIR"] = own
        assert asked()[1] == ""
        (shared,) = sharing(own)
        os.kill(shared, signal.SIGSTOP)
        took, said = asked()
        assert took < 10
        assert "does not answer" in said
        for pid in sharing(own):
            os.kill(pid, signal.SIGKILL)


def sharing(folder: str) -> list[int]:
    """The processes that keep connections whose sockets are in a folder: OpenSSH names them so."""
    found = (entry for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    return [int(entry.name) for entry in found if re.match(f"ssh: {folder}.*mux", told(entry / "cmdline"))]


def told(path: Path) -> str:
    with suppress(OSError):
        return path.read_text()
    return ""
