"""supervisord's programs: what is on disk, what it is asked, and that no value gets out of its place."""

import shlex
import subprocess
from collections.abc import Iterable
from configparser import RawConfigParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Golden
from uncork.errors import UsageError
from uncork.layout import Layout
from uncork.model import Account, Instance
from uncork.plan import Call, Directory, File, Gone, Reload, Remove, Run, Step
from uncork.serving import Address, Protocol, Service
from uncork.supervisors.supervisord import Supervisord, escape, word

LAYOUT = Layout(Path("/srv/uncork"), Path("/srv/uncork/run"))
ACCOUNT = Account("www-data", "www-data", 33, 33)
SUPERVISORD = Supervisord("/usr/bin/python3", "0123456789abcdef")
INSTANCE = Instance("guestbook", 12)
SERVICE = Service(
    argv=("/srv/venv/bin/uwsgi", "--ini", "/srv/uncork/apps/guestbook/releases/12/uwsgi.ini"),
    directory="/srv/uncork/apps/guestbook/releases/12/source",
    speaks=Protocol.UWSGI,
    env=(("UNCORK_ENV", "production"), ("GREETING", 'it\'s $HOME `id` "%d"\nand ; more')),
    stop_seconds=29.5,
)
FRONT = Service(("/opt/nginx", "-c", "/srv/uncork/front/nginx.conf"), "/srv/uncork/front", Protocol.HTTP,
                (("NGINX", "3;"),), "QUIT")  # fmt: skip


def texts(steps: Iterable[Step]) -> dict[str, str]:
    return {step.path.name: step.content for step in steps if isinstance(step, File)}


def calls(steps: Iterable[Step]) -> list[str]:
    return [" ".join((s.method.partition(".")[2], *map(str, s.params))) for s in steps if isinstance(s, Call)]


@pytest.mark.parametrize(("case", "account"), [("as_oneself", None), ("as_root", ACCOUNT)])
def test_the_files_are_as_they_should_be(golden: Golden, case: str, account: Account | None) -> None:
    steps = (
        *SUPERVISORD.files(LAYOUT),
        *SUPERVISORD.place(LAYOUT, INSTANCE, SERVICE, account),
        *SUPERVISORD.start_front(LAYOUT, FRONT, Address("0.0.0.0", 80), account),
        *SUPERVISORD.agent_files(LAYOUT, account),
    )
    golden(case, texts(steps))


def test_the_socket_is_in_a_folder_that_the_serving_account_can_not_write_to() -> None:
    steps = SUPERVISORD.place(LAYOUT, INSTANCE, SERVICE, ACCOUNT)
    folders = {step.path: step for step in steps if isinstance(step, Directory)}
    app = LAYOUT.app("guestbook")
    assert not folders[app.socket(INSTANCE).parent].serving
    assert folders[app.own(INSTANCE)].serving
    assert folders[app.own(INSTANCE)].mode == 0o700


def test_an_instance_is_started_at_once_and_that_it_is_there_already_is_no_error() -> None:
    steps = SUPERVISORD.start(LAYOUT, INSTANCE, SERVICE, None)
    name = INSTANCE.name
    assert calls(steps) == ["reloadConfig", f"addProcessGroup {name}", f"startProcessGroup {name} False"]
    assert [step.unless for step in steps if isinstance(step, Call)] == [(), ("ALREADY_ADDED",), ()]


def test_an_instance_is_forgotten_before_it_is_stopped_and_leaves_nothing() -> None:
    steps = SUPERVISORD.stop(LAYOUT, INSTANCE, 30.0)
    name = INSTANCE.name
    assert steps[0] == Remove(LAYOUT.programs / f"{name}.conf")
    assert calls(steps) == [*[f"stopProcessGroup {name} False"] * 2, f"removeProcessGroup {name}"]
    assert [step.path for step in steps[1:] if isinstance(step, Remove)] == [
        LAYOUT.programs / f"{name}.sh",
        LAYOUT.app("guestbook").instance(INSTANCE),
    ]
    (gone,) = (step for step in steps if isinstance(step, Gone))
    assert (gone.program, gone.most > 30) == (name, True)


def test_an_instance_that_gets_no_time_is_killed() -> None:
    name = INSTANCE.name
    assert f"signalProcess {name}:{name}_0 KILL" in calls(SUPERVISORD.stop(LAYOUT, INSTANCE, 0.0))


def test_the_front_is_replaced_where_there_is_one() -> None:
    steps = SUPERVISORD.start_front(LAYOUT, FRONT, Address(), None)
    said = calls(steps)
    assert said.index("removeProcessGroup front") < said.index("addProcessGroup front")
    assert said[-1] == "startProcessGroup front False"


def test_the_front_reads_its_config_again_on_a_hangup() -> None:
    assert SUPERVISORD.reload_front(LAYOUT) == (Reload(LAYOUT.front_pid, 10.0, "reload the front"),)


def test_an_agent_is_started_in_the_place_of_the_one_before_and_nobody_waits_for_it() -> None:
    assert calls(SUPERVISORD.start_agent(LAYOUT, None)) == [
        *["stopProcessGroup agent False"] * 2,
        "removeProcessGroup agent",
        "reloadConfig",
        "addProcessGroup agent",
        "startProcessGroup agent False",
    ]


def test_another_uncork_s_agent_has_another_start_script() -> None:
    other = Supervisord("/usr/bin/python3", "fedcba9876543210")
    assert texts(other.agent_files(LAYOUT, None)) != texts(SUPERVISORD.agent_files(LAYOUT, None))


def test_an_address_of_ipv6_is_refused() -> None:
    with pytest.raises(UsageError, match="IPv6"):
        SUPERVISORD.start_front(LAYOUT, FRONT, Address("::", 80), None)


def test_the_supervisor_starts_by_a_command_and_ends_with_the_front_first() -> None:
    run, *rest = SUPERVISORD.begin(LAYOUT)
    assert calls(rest) == ["startAllProcesses False"]
    assert isinstance(run, Run)
    assert run.argv[-1] == str(LAYOUT.supervisor_config)
    assert calls(SUPERVISORD.end(LAYOUT, ()))[0] == "stopProcessGroup front False"
    assert calls(SUPERVISORD.end(LAYOUT, ()))[-1] == "shutdown"


@pytest.mark.parametrize("home", ["/srv/a*b", "/srv/a[b]", "/srv/a?"])
def test_a_home_that_is_a_pattern_is_refused(home: str) -> None:
    with pytest.raises(UsageError):
        SUPERVISORD.files(Layout(Path(home), Path("/run/u")))


@pytest.mark.parametrize(
    "value", ["a\n[unix_http_server]", "a ;b", "a #b", ";a", "#a", "a ", "\ta", "%(here)s", "a\0", "\udc80", "a\x85b"]
)
def test_a_value_that_would_be_read_as_more_is_refused(value: str) -> None:
    with pytest.raises(UsageError):
        escape(value)


HOSTILE = st.text(alphabet=st.sampled_from("a%()sdhere;# \t\n='\"$\\/é\x85\0")) | st.text()


@given(HOSTILE)
def test_a_value_comes_back_as_it_was_or_is_refused(value: str) -> None:
    """As supervisor.options reads it: this parser, then `%(here)s`, then an expansion by the `%` operator."""
    try:
        escaped = escape(value)
    except UsageError:
        return
    parser = RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)
    parser.read_string(f"[p]\na = {escaped}\nb = 1\n")
    assert dict(parser.items("p")).keys() == {"a", "b"}
    read = parser.get("p", "a").replace("%(here)s", "/elsewhere") % {"here": "/elsewhere"}
    assert read == value


@given(st.lists(HOSTILE, min_size=1))
def test_words_come_back_from_a_shell_as_they_were_or_are_refused(values: list[str]) -> None:
    try:
        words = " ".join(word(value) for value in values)
    except UsageError:
        assert any("\0" in value for value in values)
        return
    assert shlex.split(words) == values


def test_the_start_script_is_one_that_a_shell_understands() -> None:
    for account in (None, ACCOUNT):
        script = texts(SUPERVISORD.place(LAYOUT, INSTANCE, SERVICE, account))["guestbook.12.1.sh"]
        subprocess.run(["/bin/sh", "-n"], input=script, text=True, check=True)


def test_a_command_that_env_would_take_for_a_variable_is_refused() -> None:
    service = Service(("/srv/a=b/uwsgi",), "/srv", Protocol.UWSGI)
    with pytest.raises(UsageError, match="equals"):
        SUPERVISORD.place(LAYOUT, INSTANCE, service, None)
