"""Connections by a program in the place of ssh, which says what OpenSSH says."""

import shlex
import shutil
import sys
from pathlib import Path

import pytest

from uncork.errors import UsageError, UserError
from uncork.remote import ssh
from uncork.remote.destination import destination, name

# Its last word is the command, as a remote shell gets it; `-O check` asks for a connection that is there already.
FAKE = """
import os, subprocess, sys
if "-O" in sys.argv:
    sys.exit({shared})
sys.exit({body})
"""
RUNS = "subprocess.call(('sh', '-c', sys.argv[-1]))"


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "There":
    return There(tmp_path, monkeypatch)


class There:
    """A machine that answers as it is said."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.script = folder / "ssh.py"
        patch.setenv(ssh.COMMAND, shlex.join((sys.executable, str(self.script))))
        patch.setenv("SSH_CONNECTION", "203.0.113.9 50022 203.0.113.7 22")
        patch.setenv("XDG_RUNTIME_DIR", str(folder)[:30])

    def fails(self, said: str) -> None:
        self.script.write_text(FAKE.format(shared=255, body=f"(sys.stderr.write({said!r}), 255)[1]"))

    def runs(self, before: str = "0", shared: str = "255") -> None:
        self.script.write_text(FAKE.format(shared=shared, body=f"({before}, {RUNS})[1]"))


REFUSED = {
    "ssh: connect to host s1 port 22: Connection timed out": "can't be reached",
    "ssh: Could not resolve hostname s1: Name or service not known": "has no address",
    "deploy@s1: Permission denied (publickey).": "takes none of the keys",
    "No ED25519 host key is known for s1 and you have requested strict checking.\nHost key verification failed.": (
        "is not known yet"
    ),
    "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.": "another host key",
}


@pytest.mark.parametrize("said", REFUSED)
def test_who_is_not_let_in_is_told_why_in_our_words_and_in_those_of_ssh(there: There, said: str) -> None:
    there.fails(said)
    with pytest.raises(UsageError, match=REFUSED[said]) as refused:
        ssh.connect("deploy@s1")
    assert refused.value.problem.startswith("deploy@s1 ")
    assert refused.value.detail == said
    assert "HOST" not in refused.value.fix


@pytest.mark.parametrize(
    ("host", "names"),
    {
        "deploy@web1": ("203.0.113.7", "web1"),
        "deploy@web1.example": ("web1.example", "203.0.113.8"),
        "deploy@203.0.113.9:2222": ("203.0.113.9",),
        "elsewhere": ("elsewhere",),
        "six": ("[2001:db8::1]", "six"),
        "deploy@[2001:DB8:0::7]:22": ("[2001:db8::7]",),
        "2001:db8::7": ("[2001:db8::7]",),
        "deploy@fe80::1%eth0": ("[fe80::1]",),
    }.items(),
)
@pytest.mark.skipif(not shutil.which("ssh"), reason="the config of ssh is read by OpenSSH alone")
def test_visitors_are_led_to_what_a_name_of_the_ssh_config_stands_for(
    there: There, tmp_path: Path, host: str, names: tuple[str, ...]
) -> None:
    hosts = {"web1": "203.0.113.7", "web1.example": "203.0.113.8", "six": "2001:db8::1"}
    config = "".join(f"Host {one}\n  HostName {address}\n" for one, address in hosts.items())
    (tmp_path / "config").write_text(config)
    there.runs(
        f"os.execvp('ssh', ('ssh', '-F', {str(tmp_path / 'config')!r}, *sys.argv[1:])) if '-G' in sys.argv else 0"
    )
    assert ssh.connect(host).names == names


def test_a_command_gets_its_words_as_they_are_and_its_input_and_gives_back_how_it_ended(there: There) -> None:
    there.runs()
    connection = ssh.connect("s1")
    words = ("a b", "$HOME", "`id`", "it's", "")
    done = connection.run(("printf", "%s|", *words), root=False)
    assert done.out == "".join(f"{word}|" for word in words)
    assert connection.run(("cat",), root=False, stdin=b"secret").out == "secret"
    assert connection.run(("sh", "-c", "echo no >&2; exit 3"), root=False) == ssh.Answered(3, "", "no\n")


def test_what_the_shell_there_says_when_it_starts_is_passed_over(there: There) -> None:
    there.runs("print('Welcome to Debian', flush=True)")
    assert ssh.connect("s1").address == "203.0.113.9"


def test_a_connection_that_is_lost_is_told_and_a_command_that_takes_too_long(there: There) -> None:
    there.runs()
    connection = ssh.connect("s1")
    with pytest.raises(UserError, match=r"s1: the connection was lost"):
        connection.run(("sh", "-c", "exit 255"), root=False)
    with pytest.raises(UserError, match=r"s1: sleep did not end in 0.2 s"):
        connection.run(("sleep", "30"), root=False, timeout=0.2)


@pytest.mark.parametrize("hangs", ["check", "stop"])
def test_a_shared_connection_that_hangs_is_left_alone(
    there: There, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], hangs: str
) -> None:
    monkeypatch.setattr(ssh, "AGAIN_TIME", 1.0)
    # Where `stop` hangs the connection was lost before: what is asked by it, and it alone, gets no answer.
    lost = "'ControlMaster=no' in sys.argv and 'uncork-connected' in sys.argv[-1] and sys.exit(255)"
    there.runs(lost, shared=f"'{hangs}' in sys.argv and __import__('time').sleep(30)")
    connection = ssh.connect("s1")
    assert "note: s1: the ssh that shares its connection does not answer" in capsys.readouterr().err
    assert connection.run(("echo", "well"), root=False).out == "well\n"


def test_a_config_of_ssh_that_does_not_end_leaves_a_machine_its_name(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    there.runs("'-G' in sys.argv and __import__('time').sleep(30)")
    connection = ssh.connect("s1")
    monkeypatch.setattr(ssh, "AGAIN_TIME", 0.2)
    assert connection.names == ("s1",)


def test_who_we_are_is_said_with_the_address_that_the_machine_sees(there: There) -> None:
    there.runs()
    connection = ssh.connect("s1")
    assert connection.uncork("status")[1:] == ("--by", connection.by, "status")
    assert connection.by.endswith(",203.0.113.9")


def test_without_openssh_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ssh.COMMAND, "no-such-ssh")
    with pytest.raises(UsageError, match="no-such-ssh was not found"):
        ssh.connect("s1")


@pytest.mark.parametrize("host", ["-oProxyCommand=id", "s1 s2", "deploy@-x", "", "s1;id", "$(id)", "a@b@c\n"])
def test_what_would_be_something_else_than_a_host_never_gets_to_ssh(host: str) -> None:
    with pytest.raises(UsageError, match="is no host"):
        destination(host)


def test_hosts_are_said_as_ssh_takes_them_and_called_by_their_own_names() -> None:
    cases = {
        "deploy@203.0.113.7": ("deploy@203.0.113.7", "203.0.113.7"),
        "web1": ("web1", "web1"),
        "deploy@web1.example.com:2222": ("ssh://deploy@web1.example.com:2222", "web1.example.com"),
        "ssh://deploy@web1:22": ("ssh://deploy@web1:22", "web1"),
        "deploy@[2001:db8::7]:22": ("ssh://deploy@[2001:db8::7]:22", "2001:db8::7"),
        "2001:db8::7": ("2001:db8::7", "2001:db8::7"),
    }
    assert {host: (destination(host), name(host)) for host in cases} == cases
