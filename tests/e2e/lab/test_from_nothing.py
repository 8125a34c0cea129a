"""A fresh machine: two commands and it serves, one more and it is what it was."""

import re
from typing import Final

from tests.e2e.lab.client import Client
from tests.e2e.lab.machines import Machine
from tests.e2e.lab.tree import differences
from tests.e2e.state import EXAMPLES, copied, eventually

# What the agent writes down all the while: how far it has read, and what it counted.
AGENTS: Final = ("var/lib/uncork/agent/", "var/lib/uncork/apps/guestbook/counts/")
# What apt keeps for itself, whatever was installed and purged again.
APT: Final = (
    "var/lib/apt/",
    "var/lib/dpkg/",
    "var/cache/apt/",
    "var/cache/debconf/",
    "var/cache/ldconfig/",
    "etc/ld.so.cache",
)


def test_setup_and_deploy_bring_the_guestbook_to_a_fresh_machine_and_remove_leaves_it_as_it_was(
    bare: Machine, client: Client
) -> None:
    fresh = bare.tree()
    client.run("server", "setup", bare.name, timeout=300).ok()
    done = client.run("deploy", "--host", bare.name, cwd=copied("guestbook", client.home / "guestbook", EXAMPLES)).ok()
    assert "Guestbook" in bare.sh(f"curl -s -H 'Host: {bare.name}' http://{bare.address}/"), done.said

    served = bare.tree()
    again = client.run("server", "setup", bare.name).ok()
    assert re.search(r"\b0 changes|nothing to change", again.said), again.said
    assert differences(served, bare.tree(), *AGENTS) == ()

    client.run("server", "remove", bare.name, "--yes", timeout=300).ok()
    eventually(lambda: not bare.sh("pgrep -fa [u]ncork || true"))
    assert differences(fresh, bare.tree(), *APT) == ()
