"""The system's nginx, as it is found, or not."""

import grp
import os
import pwd
from pathlib import Path

import pytest

from uncork.errors import UsageError
from uncork.machine import host
from uncork.model import Account

SITE = "zz-uncork-1.conf"
VERSION = "nginx version: nginx/1.22.1\nconfigure arguments: --prefix=/nowhere --pid-path=/nowhere/nginx.pid"


def me() -> Account:
    entry = pwd.getpwuid(os.getuid())
    return Account(entry.pw_name, grp.getgrgid(entry.pw_gid).gr_name, entry.pw_uid, entry.pw_gid)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with what nothing but these folders have."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(host, "BESIDE", str(tmp_path / "sbin"))
    return tmp_path


def program(folder: Path, name: str, text: str = "") -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def nginx(folder: Path, config: str) -> None:
    program(folder, "logrotate")
    program(folder, "nginx", f"[ $1 = -V ] && echo '{VERSION}' >&2 || {config}")


def dumped(user: str) -> str:
    return f"echo '# configuration file {{}}/nginx.conf:\nuser {user}; http {{ include conf.d/*; }}'"


def test_the_package_to_install_is_named(machine: Path) -> None:
    with pytest.raises(UsageError) as nothing:
        host.find(SITE, me())
    assert "apt-get install nginx" in nothing.value.fix
    program(machine, "nginx")
    with pytest.raises(UsageError) as only_nginx:
        host.find(SITE, me())
    assert "apt-get install logrotate" in only_nginx.value.fix


def test_who_is_not_root_is_told_so(machine: Path) -> None:
    nginx(machine, dumped(me().name))
    with pytest.raises(UsageError, match="only root"):
        host.find(SITE, None)


def test_a_config_that_is_broken_already_is_shown(machine: Path) -> None:
    nginx(machine, "{ echo 'nginx: [emerg] unknown directive' >&2; exit 1; }")
    with pytest.raises(UsageError, match="broken") as broken:
        host.find(SITE, me())
    assert broken.value.detail == "nginx: [emerg] unknown directive"


def test_one_that_a_killed_deploy_has_broken_is_read_all_the_same(machine: Path) -> None:
    failed = f"nginx: configuration file {machine}/nginx.conf test failed"
    nginx(machine, f"{{ echo '{failed}' >&2; exit 1; }}")
    (machine / "nginx.conf").write_text(f"user {me().name}; http {{ include conf.d/*.conf; }}")
    (machine / "conf.d").mkdir()
    (machine / "conf.d" / "theirs.conf").write_text("server { listen 80; server_name theirs.example; }")
    with pytest.raises(UsageError, match="broken"):
        host.find(SITE, me())
    (machine / "conf.d" / SITE).write_text("server { nonsense")
    found = host.find(SITE, me())
    assert found.folder == str(machine / "conf.d")
    assert [server.names for server in found.servers] == [("theirs.example",)]


def test_workers_that_can_not_get_to_what_is_served_are_told_of_with_the_group_they_need(machine: Path) -> None:
    nginx(machine, dumped("nobody-at-all"))
    with pytest.raises(UsageError, match="run as nobody-at-all") as stranger:
        host.find(SITE, me())
    assert f"usermod -a -G {me().group} nobody-at-all" in stranger.value.fix


def test_it_is_known_whether_it_runs(machine: Path) -> None:
    nginx(machine, dumped(me().name))
    assert not host.find(SITE, me()).runs
    pid = machine / "nginx.pid"
    nginx(machine, f"echo '# configuration file {machine}/nginx.conf:\nuser {me().name}; pid {pid}; http {{ }}'")
    pid.write_text(str(os.getpid()))
    assert host.find(SITE, me()).runs
