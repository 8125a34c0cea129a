"""A release as files that need no uncork: every server, target and format; the same bytes from the same input."""

import ast
import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Golden
from tests.unit.recipes.kits import CASES, START, everything, kit, settled, texts
from uncork.cli import render as command
from uncork.config import Config
from uncork.errors import UsageError
from uncork.model import Interpreter
from uncork.notices import Logging
from uncork.plan import File, Run
from uncork.recipes.kit import escapes, lock
from uncork.recipes.kit.files import files
from uncork.recipes.kit.kit import APACHE, MACHINE, SYSTEMD, WINDOWS
from uncork.servers.uwsgi_formats import FORMATS, converted
from uncork.serving import Address, ServerSettings


@pytest.mark.parametrize("case", CASES)
def test_every_server_is_rendered_for_every_target(golden: Golden, case: str) -> None:
    golden(f"kit-{case}", texts(kit(*CASES[case])))


@pytest.mark.parametrize(("server", "target"), [("uwsgi", SYSTEMD), ("waitress", APACHE), ("mod_wsgi", APACHE)])
def test_all_that_a_site_may_have_is_in_the_files_of_the_front(golden: Golden, server: str, target: str) -> None:
    found = texts(everything(server, target))

    golden(f"kit-{server}-{target}-everything", {name: text for name, text in found.items() if name != "README.md"})


@pytest.mark.parametrize("case", CASES)
def test_nothing_of_uncork_is_imported_or_named_in_what_runs(case: str) -> None:
    found = texts(kit(*CASES[case]))

    running = {name: text for name, text in found.items() if name != "README.md"}
    assert [name for name, text in running.items() if "uncork" in text.lower().replace("uncork_env", "")] == []
    for name, text in running.items():
        if name.endswith(".py"):
            ast.parse(text, name)


def test_a_port_stands_between_front_and_server_where_one_is_asked_for() -> None:
    found = texts(kit("uwsgi", MACHINE, tcp="127.0.0.1:8001"))

    assert "socket = 127.0.0.1:8001\n" in found["uwsgi.ini"]
    assert "server 127.0.0.1:8001 max_fails=0;" in found["nginx.site.conf"]
    assert "ListenStream=127.0.0.1:8001" in texts(kit("uwsgi", SYSTEMD, tcp="127.0.0.1:8001"))["shop.socket"]


def test_nginx_listens_on_an_ipv6_address_as_it_writes_one() -> None:
    found = texts(kit("uwsgi", MACHINE, address=Address("::1", 8000)))

    assert 'listen "[::1]:8000";' in found["nginx.site.conf"]
    assert "http://[::1]:8000/" in found["README.md"]


def test_uwsgi_with_no_front_answers_the_world_by_itself() -> None:
    made = kit("uwsgi", MACHINE)
    made = replace(made, build=replace(made.build, settings=ServerSettings("uwsgi", protocol="http")))
    found = texts(settled(made))

    assert "http = 127.0.0.1:8000\n" in found["uwsgi.ini"]
    assert "nginx.site.conf" not in found
    assert "nginx -" not in found["README.md"]


def test_uwsgi_speaks_http_on_a_socket_that_systemd_passes_on() -> None:
    made = kit("uwsgi", SYSTEMD)
    made = replace(made, build=replace(made.build, settings=ServerSettings("uwsgi", protocol="http-socket")))
    found = texts(settled(made))

    assert "socket-protocol = http\n" in found["uwsgi.ini"]
    assert "http-socket =" not in found["uwsgi.ini"]


def test_the_command_line_offers_what_there_is() -> None:
    assert command.TARGETS == (MACHINE, SYSTEMD, APACHE, WINDOWS)
    assert tuple(FORMATS) == command.FORMATS


def test_only_uwsgi_has_formats() -> None:
    with pytest.raises(UsageError, match="gunicorn has no config in yaml"):
        texts(kit("gunicorn", MACHINE, "yaml"))


def test_the_app_lives_at_its_mount_and_logs_as_the_config_says() -> None:
    config = Config("shop", logging=Logging(level="warning", levels=(("sqlalchemy", "error"),)))
    made = kit("uwsgi", MACHINE)
    made = replace(made, site=replace(made.site, mount="/shop"))
    start = replace(START, config=config)
    text = next(file.content for file in files(made, start, "") if file.path.name == "run.py")

    assert "'/shop/'" in text
    assert "level='WARNING'" in text
    assert "logging.getLogger('sqlalchemy').setLevel('ERROR')" in text


NASTY = "[uwsgi]\n# a -- comment\nplain = value\nlist = one\nlist = two & < > é\n[uwsgi]\nodd = a = b: c\n"


def test_the_formats_of_uwsgi_say_the_same() -> None:
    root = ET.fromstring(converted(NASTY, "xml"))
    assert [(node.tag, node.text) for node in root] == [
        ("plain", "value"),
        ("list", "one"),
        ("list", "two & < > é"),
        ("odd", "a = b: c"),
    ]
    expected = {"plain": "value", "list": ["one", "two & < > é"], "odd": "a = b: c"}
    assert json.loads(converted(NASTY, "json")) == {"uwsgi": expected}
    assert converted(NASTY, "yaml").splitlines()[2:] == [
        "  plain: value",
        "  list: one",
        "  list: two & < > é",
        "  odd: a = b: c",
    ]
    assert converted(NASTY, "ini") == NASTY


@pytest.mark.parametrize(("form", "value"), [("yaml", "/srv/#1"), ("xml", "/srv/]]>")])
def test_what_a_format_can_not_say_is_refused(form: str, value: str) -> None:
    with pytest.raises(UsageError, match="can't carry"):
        converted(f"[uwsgi]\nchdir = {value}\n", form)


@pytest.mark.parametrize("target", [MACHINE, SYSTEMD, APACHE])
@pytest.mark.parametrize("name", ["a\nb", "a*b", 'a"b'])
def test_a_place_that_a_format_can_not_name_is_refused(target: str, name: str) -> None:
    with pytest.raises(UsageError, match="can't carry"):
        texts(kit("waitress", target, at=Path("/srv") / name))


@pytest.mark.parametrize(
    ("value", "said"),
    [("plain", "plain"), ("a b", '"a b"'), ("50%", "50%%"), ("$HOME", "$$HOME"), ('a"b', '"a\\\\"b"'), ("", '""')],
)
def test_a_word_of_a_unit_means_just_that(value: str, said: str) -> None:
    assert escapes.word(value) == said.replace("\\\\", "\\")


PROJECT = "# by uv\nflask==3.1.3 \\\n    --hash=sha256:aa\n    # via shop\nclick==8.1.8 \\\n    --hash=sha256:bb\n"
SERVER = "gunicorn==27.0.1 \\\n    --hash=sha256:cc\nclick==8.0.0 \\\n    --hash=sha256:dd\n"


def test_the_projects_own_versions_come_before_the_servers() -> None:
    assert lock.whole(PROJECT, SERVER) == (
        "click==8.1.8 \\\n    --hash=sha256:bb\nflask==3.1.3 \\\n    --hash=sha256:aa\n"
        "gunicorn==27.0.1 \\\n    --hash=sha256:cc\n"
    )


def test_what_lies_in_the_project_is_told_apart_since_it_has_no_hash() -> None:
    text = f"{PROJECT}./vendor/thing.whl\n-e ./lib\n"

    assert lock.local(text) == ("./vendor/thing.whl", "./lib")
    assert "./" not in lock.whole(text, "")
    assert lock.is_hashed(text)
    assert not lock.is_hashed("flask==3.1.3\n")


def test_an_address_with_port_80_needs_no_port_in_the_readme() -> None:
    assert "at http://127.0.0.1/." in texts(kit("uwsgi", MACHINE, address=Address("0.0.0.0", 80)))["README.md"]


def test_for_windows_the_lock_is_made_again_and_else_only_where_there_are_no_hashes() -> None:
    python, folder = Interpreter("/usr/bin/python3", "3.11.2"), Path("/tmp/lock")
    asked, run = lock.steps(PROJECT, SERVER, python, "uv", folder, windows=True)
    assert isinstance(asked, File)
    assert asked.content == "flask==3.1.3\nclick==8.1.8\ngunicorn==27.0.1\nclick==8.0.0\n"
    assert isinstance(run, Run)
    assert run.argv[run.argv.index("--python-platform") + 1] == "windows"

    assert lock.steps(PROJECT, SERVER, python, "uv", folder, windows=False) == (File(folder / lock.MADE, PROJECT),)
    asked, run = lock.steps("flask==3.1.3\n", SERVER, python, "uv", folder, windows=False)
    assert isinstance(run, Run)
    assert "--no-deps" in run.argv
