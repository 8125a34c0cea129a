"""Machines that can't be set up, that are others' too, or that have another uncork."""

import http.client
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.lab.bridge import Lab
from tests.e2e.lab.client import Client
from tests.e2e.lab.conftest import booted
from tests.e2e.lab.machines import Machine, ip
from tests.e2e.lab.tree import Tree, differences
from tests.e2e.state import EXAMPLES, copied

# Whoever waits longer believes that nothing happens.
PATIENCE: Final = 15
RECORD: Final = "/etc/uncork/machine.json"
SUDOERS: Final = "/etc/sudoers.d/deploy"
PYTHON: Final = "/usr/bin/python3.*[0-9]"

Way = Callable[[Machine, Client], None]


@pytest.fixture(scope="module")
def rented(lab: Lab) -> Iterator[Machine]:
    """One machine, for all that is wrong with it; being told so changes nothing there."""
    with booted(lab) as (machine,):
        before = machine.tree()
        yield machine
        assert differences(before, machine.tree()) == ()


def shown_another_key(machine: Machine, client: Client) -> None:
    theirs = machine.sh("cat /etc/ssh/ssh_host_ed25519_key.pub").split()[1]
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", client.home / "other"], check=True)
    other = (client.home / "other.pub").read_text().split()[1]
    client.known_hosts.write_text(client.known_hosts.read_text().replace(theirs, other))


def never_met(machine: Machine, client: Client) -> None:  # noqa: ARG001
    client.known_hosts.write_text("")


def offering_another_key(machine: Machine, client: Client) -> None:  # noqa: ARG001
    key = client.home / ".ssh" / "id_ed25519"
    key.unlink()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)


def with_its_link_down(machine: Machine, client: Client) -> None:  # noqa: ARG001
    machine.cut()


def whose_sudo_asks(machine: Machine, client: Client) -> None:  # noqa: ARG001
    machine.sh(f"mv {SUDOERS} /root/; echo 'deploy ALL=(ALL) ALL' > {SUDOERS}")


def with_a_full_disk(machine: Machine, client: Client) -> None:  # noqa: ARG001
    machine.sh("mount -t tmpfs -o size=2m none /opt")


def with_an_unsupported_system(machine: Machine, client: Client) -> None:  # noqa: ARG001
    machine.sh("printf 'ID=fedora\\nVERSION_ID=42\\nPRETTY_NAME=\"Fedora Linux 42\"\\n' > /root/os")
    machine.sh("mount --bind /root/os /etc/os-release")


def with_an_old_python(machine: Machine, client: Client) -> None:  # noqa: ARG001
    machine.sh("printf '#!/bin/sh\\necho 3.9.2\\n' > /root/old; chmod 755 /root/old")
    machine.sh(f"mount --bind /root/old $(ls {PYTHON})")


def as_it_was(machine: Machine) -> None:
    machine.join()
    machine.tried(f"mv /root/deploy {SUDOERS}; umount /opt /etc/os-release $(ls {PYTHON}); rm -f /root/old /root/os")


REFUSED: Final[dict[str, tuple[Way, str]]] = {
    "a changed host key": (shown_another_key, "shows another host key than it had"),
    "an unknown host key": (never_met, "is not known yet"),
    "a wrong key": (offering_another_key, "takes none of the keys"),
    "an unreachable host": (with_its_link_down, "can't be reached"),
    "sudo that asks for a password": (whose_sudo_asks, "sudo does not let us"),
    "a full disk": (with_a_full_disk, "the disk of /opt has 2 MB left"),
    "an unsupported system": (with_an_unsupported_system, "has Fedora Linux 42"),
    "a Python that is too old": (with_an_old_python, "uncork needs Python 3.10 or newer"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_stands_in_the_way_is_told_at_once_with_what_to_do(what: str, rented: Machine, client: Client) -> None:
    way, problem = REFUSED[what]
    way(rented, client)
    try:
        refused = client.run("server", "setup", rented.name, timeout=PATIENCE).ended(2)
    finally:
        as_it_was(rented)
    assert problem in refused.err, refused.said
    assert "fix: " in refused.err


def test_a_link_that_goes_down_between_two_commands_is_told_at_once_though_ssh_keeps_its_connection(
    rented: Machine, client: Client
) -> None:
    client.run("server", "status", rented.name).ok()
    rented.cut()
    try:
        refused = client.run("server", "status", rented.name, timeout=PATIENCE).ended(2)
    finally:
        rented.join()
    assert "can't be reached" in refused.err or "did not let us in" in refused.err, refused.said
    assert "not set up" in client.run("server", "status", rented.name).ok().out


def test_what_would_be_changed_is_told_for_people_and_as_json_and_nothing_is(rented: Machine, client: Client) -> None:
    told = client.run("server", "setup", rented.name, "--dry-run").ok().out
    assert "  install nginx and logrotate by apt\n    apt-get install" in told
    said = json.loads(client.run("server", "setup", rented.name, "--dry-run", "--json").ok().out)
    assert len(said["hosts"][0]["changes"]) == int(re.findall(r": (\d+) changes", told)[0])
    assert "it was never set up: 0 changes" in client.run("server", "remove", rented.name).ok().out


def test_a_machine_that_was_never_met_shows_its_fingerprint_on_a_terminal_and_asks(
    rented: Machine, client: Client
) -> None:
    shown = rented.sh("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub").split()[1]
    client.known_hosts.write_text("")
    refused = typed(client, "no", "server", "status", rented.name)
    assert shown in refused
    assert "is not known yet" in refused
    assert "not set up" in typed(client, "yes", "server", "status", rented.name)
    assert "ssh-ed25519" in client.known_hosts.read_text()


def typed(client: Client, answer: str, *words: str) -> str:
    """Run uncork on a terminal, answer the one question that it asks, and return all that it shows."""
    pid, terminal = pty.fork()
    if not pid:
        os.execve(sys.executable, (sys.executable, "-m", "uncork", *words), {**client.environment()})
    shown = b""
    with suppress(OSError):  # a terminal that nobody is at any more
        while chunk := os.read(terminal, 4096):
            shown += chunk
            if chunk.rstrip().endswith(b"?"):
                os.write(terminal, f"{answer}\n".encode())
    os.waitpid(pid, 0)
    return shown.decode()


def test_a_machine_that_was_never_met_is_taken_for_good_where_that_is_said(rented: Machine, client: Client) -> None:
    client.known_hosts.write_text("")
    client.run("server", "status", rented.name, "--accept-new-host-key").ok()
    assert "ssh-ed25519" in client.known_hosts.read_text()


THEIRS: Final = r"""
apt-get update -q && apt-get install -qy nginx logrotate
mkdir -p /srv/blog && echo 'a blog' > /srv/blog/index.html
printf 'server {\n  listen 80 default_server;\n  server_name blog.example;\n  root /srv/blog;\n}\n' \
  > /etc/nginx/sites-available/blog
ln -s ../sites-available/blog /etc/nginx/sites-enabled/blog && rm /etc/nginx/sites-enabled/default
printf '[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n' \
  > /etc/systemd/system/uncorked-wine.service
systemctl daemon-reload && systemctl enable --now uncorked-wine.service && systemctl restart nginx
useradd --system uncorker && useradd --create-home uncork-fan
"""
BLOG: Final = "curl -s -H 'Host: blog.example' http://127.0.0.1/"
NGINX_AGAIN: Final = "etc/systemd/system/nginx.service.d"
OURS: Final = (
    "etc/uncork",
    "opt/uncork",
    "var/lib/uncork",
    "usr/local/bin/uncork",
    "var/log/",
    "var/lib/nginx/",
    NGINX_AGAIN,
)


def theirs(tree: Tree) -> Tree:
    """What is not of ours by its name, nor a list that we have a line in."""
    lists = {f"etc/{name}{old}" for name in ("passwd", "group", "shadow", "gshadow") for old in ("", "-")}
    return {path: told for path, told in tree.items() if path not in lists and not _is_ours(path)}


def _is_ours(path: str) -> bool:
    name = Path(path).name
    return path.startswith((*OURS, "var/cache/", "var/lib/apt", "var/lib/dpkg")) or name.startswith(
        ("uncork.", "uncork-", "uncork_", "zz-uncork")
    )


def killed(client: Client, machine: Machine) -> None:
    """Set a machine up, and be killed while uncork is on its way there."""
    setting_up = client.begin("server", "setup", machine.name)
    assert setting_up.stdout
    next(line for line in setting_up.stdout if line.startswith("make the system user"))
    setting_up.kill()
    setting_up.communicate()


def test_other_peoples_sites_units_and_users_are_byte_for_byte_what_they_were_even_after_a_setup_was_killed(
    bare: Machine, client: Client
) -> None:
    bare.sh(THEIRS)
    before, users = bare.tree(), bare.sh("cat /etc/passwd")
    killed(client, bare)
    client.run("server", "setup", bare.name, timeout=300).ok()
    guestbook = copied("guestbook", client.home / "guestbook", EXAMPLES)
    client.run("deploy", "--host", bare.name, cwd=guestbook, timeout=300).ok()
    assert "Guestbook" in bare.sh(f"curl -s -H 'Host: {bare.name}' http://127.0.0.1/")
    assert bare.sh(BLOG) == "a blog\n"
    assert set(users.splitlines()) <= set(bare.sh("cat /etc/passwd").splitlines())
    assert differences(theirs(before), theirs(bare.tree())) == ()

    client.run("server", "remove", bare.name, "--yes").ok()
    assert bare.sh(BLOG) == "a blog\n"
    assert bare.sh("systemctl is-active uncorked-wine.service nginx.service") == "active\nactive\n"
    assert bare.sh("cat /etc/passwd") == users
    gone = differences(before, bare.tree(), "var/cache/", "var/lib/apt", "var/lib/dpkg", "etc/ld.so.cache")
    assert gone == ()


def has_another(machine: Machine, version: str) -> None:
    """Have another uncork there, of that version."""
    told = json.dumps({**json.loads(machine.sh(f"cat {RECORD}")), "uncork": version, "bundle": "aaaa"})
    machine.sh(f"cat > {RECORD} <<'END'\n{told}\nEND")
    machine.sh("cd /opt/uncork && rm -rf aaaa && mv $(readlink current) aaaa && ln -sfn aaaa current")


def test_a_machine_with_another_uncork_is_told_and_brought_to_ours_or_left_as_it_is(
    ready: Machine, client: Client
) -> None:
    guestbook = copied("guestbook", client.home / "guestbook", EXAMPLES)
    has_another(ready, "99.0")
    for refused in (
        client.run("server", "setup", ready.name).ended(2),
        client.run("deploy", "--host", ready.name, cwd=guestbook).ended(2),
    ):
        assert "has uncork 99.0, and this is the older" in refused.err
    assert "99.0 (not this one)" in client.run("server", "status", ready.name).ok().out
    client.run("server", "upgrade", ready.name).ok()
    assert "0 changes" in client.run("server", "setup", ready.name).ok().out
    assert ready.sh(f"stat -c %a {RECORD}") == "600\n"  # it names who set the machine up

    has_another(ready, "0.0.1")
    left = client.run("deploy", "--host", ready.name, "--no-upgrade", cwd=guestbook).ended(2)
    assert "has uncork 0.0.1, and this is" in left.err
    told = client.run("deploy", "--host", ready.name, cwd=guestbook).ok()
    assert "has uncork 0.0.1, and this is" in told.out
    assert "not this one" not in client.run("server", "status", ready.name).ok().out
    assert ready.sh("uncork audit").count("server upgrade") == 2
    asked = client.run("server", "remove", ready.name).ended(2)
    assert "guestbook with all data, and nobody is there to be asked" in asked.err


def test_a_machine_that_uncork_was_taken_from_can_be_set_up_and_serve_again(ready: Machine, client: Client) -> None:
    ready.sh("install -D -m 600 /dev/null /var/log/uncork/apps/guestbook/server.log")
    client.run("server", "remove", ready.name, "--yes").ok()
    assert ready.sh("ls /var/log/uncork/removed-*/apps") == "guestbook\n"
    client.run("server", "setup", ready.name).ok()
    guestbook = copied("guestbook", client.home / "guestbook", EXAMPLES)
    client.run("deploy", "--host", ready.name, cwd=guestbook).ok()
    assert "Guestbook" in ready.sh(f"curl -s -H 'Host: {ready.name}' http://127.0.0.1/")
    client.run("server", "status", ready.name).ok()
    told = ready.sh("uncork audit")
    assert told.count("server setup") == 2
    assert "server remove" in told


def test_a_machine_that_is_called_by_its_ipv6_address_serves_there(lab: Lab, ready: Machine, client: Client) -> None:
    ours, six = (f"fd12:{lab.number:x}::{last}" for last in (1, 2))
    ip("addr", "add", f"{ours}/64", "dev", lab.mark, "nodad")
    ready.sh(f"ip addr add {six}/64 dev host0 nodad")
    ready.sh("apt-get install -qy --no-install-recommends git", timeout=120)
    known = client.config.read_text()
    client.config.write_text(f"Host {six}\n  HostKeyAlias {ready.address}\n{known}")
    project = copied("hello", client.home / "hello")
    for host in (six, f"deploy@{six}"):
        done = client.run("deploy", "--host", host, cwd=project).ok()
        assert done.out.splitlines()[-1] == f"http://[{six}]/"
    connection = http.client.HTTPConnection(six, 80, timeout=5)
    connection.request("GET", "/")
    assert b"text one" in connection.getresponse().read()
    connection.close()
    for words in (("init", "--quiet", "--initial-branch=main"), ("add", "--all")):
        subprocess.run(("git", *words), cwd=project, check=True)
    for host in (six, f"deploy@{six}"):
        told = client.run("server", "git-remote", host, cwd=project).ok().out.strip()
        listed = subprocess.run(("git", "ls-remote", told), env=client.environment(), capture_output=True, check=False)
        assert listed.returncode == 0, listed.stderr
