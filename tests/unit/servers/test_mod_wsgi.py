"""mod_wsgi: the config of a release's own Apache, and how it is started and stopped."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Golden
from tests.unit.servers.test_uwsgi import BUILD
from uncork.apache import Apache
from uncork.errors import UsageError
from uncork.servers import SERVERS
from uncork.servers.server import Build
from uncork.serving import Protocol, ServerSettings

MOD_WSGI = SERVERS["mod_wsgi"]
CASES = {
    "default": BUILD,
    "threads": replace(BUILD, processes=2, threads=40, request_timeout=90.0, drain=0.5, snippet="LogLevel info"),
    "strange_paths": replace(BUILD, directory=Path("/srv/100%d/a ; b/é"), log=Path('/srv/it\'s "one"/server.log')),
}


@pytest.mark.parametrize("case", CASES)
def test_the_config_is_as_an_expert_writes_it(golden: Golden, case: str) -> None:
    golden(f"mod_wsgi/{case}", {file.path.name: file.content for file in MOD_WSGI.files(CASES[case])})


def test_it_is_started_by_what_chooses_its_port_and_lets_requests_finish() -> None:
    service = MOD_WSGI.service(BUILD)
    assert service.binds
    assert service.argv[2] == str(BUILD.directory / "uncork_runtime" / "endpoint.py")
    assert service.argv[3:] == ("/usr/sbin/apache2", "-DFOREGROUND", "-f", str(BUILD.directory / "apache.conf"))
    assert (service.stop_signal, service.stop_seconds, service.speaks) == ("WINCH", 30.0, Protocol.HTTP)


def test_it_is_the_apache_that_the_machine_has() -> None:
    build = replace(BUILD, apache=Apache("/usr/sbin/httpd", "/usr/lib64/httpd/modules", "/opt/mod_wsgi.so", "3.12"))
    assert MOD_WSGI.service(build).argv[3] == "/usr/sbin/httpd"
    (config, _) = MOD_WSGI.files(build)
    assert "LoadModule wsgi_module /opt/mod_wsgi.so" in config.content
    assert "/usr/lib64/httpd/modules/mod_mpm_event.so" in config.content


def test_it_installs_nothing_and_stands_behind_apache_alone() -> None:
    assert MOD_WSGI.requires(ServerSettings("mod_wsgi")) == ()
    assert MOD_WSGI.fronts(ServerSettings("mod_wsgi")) == ("apache",)


@pytest.mark.parametrize("build", [replace(BUILD, venv=Path("/srv/${HOME}")), replace(BUILD, directory=Path("/a\nb"))])
def test_a_path_that_the_config_can_not_say_is_refused(build: Build) -> None:
    with pytest.raises(UsageError):
        MOD_WSGI.files(build)
