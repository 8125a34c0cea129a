"""What setting a machine up changes: all that is lacking, and nothing that is there."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.recipes.machines import DIGEST, RECORD, SAID, bare, ready, recorded
from uncork.errors import UsageError, UserError
from uncork.plan import Remove, Run
from uncork.recipes.setup import record
from uncork.recipes.setup.change import Change
from uncork.recipes.setup.fit import fitting
from uncork.recipes.setup.record import Undo
from uncork.recipes.setup.removal import removal
from uncork.recipes.setup.seen import Account, Python, Unit, seen
from uncork.recipes.setup.seen import Path as Found
from uncork.recipes.setup.versions import newer
from uncork.recipes.setup.wanted import changes


def names(found: tuple[Change, ...]) -> list[str]:
    return [change.name for change in found]


def argvs(found: tuple[Change, ...]) -> list[str]:
    return [" ".join(step.argv) for change in found for step in change.steps if isinstance(step, Run)]


def test_a_rented_machine_gets_all_that_it_lacks_and_the_command_last_but_for_what_needs_it() -> None:
    found = names(changes(bare(), DIGEST, "0.1.0"))
    assert list(dict.fromkeys(found)) == [
        "folders", "packages", "nginx", "user", "uncork", "command", "units", "agent",
    ]  # fmt: skip


def test_a_machine_that_was_set_up_is_left_as_it_is() -> None:
    assert changes(ready(), DIGEST, "0.1.0") == ()


def test_another_uncork_is_sent_and_its_agent_started_and_nothing_else_is_changed() -> None:
    assert names(changes(ready(), "fedcba9876543210", "0.2.0")) == ["uncork", "agent"]


def test_the_uncork_before_the_last_is_removed_and_the_last_kept_for_what_still_runs_by_it() -> None:
    seen = replace(ready(), bundles=(DIGEST, "aaaa"))
    (sent, _) = changes(seen, "bbbb", "0.2.0")
    assert [step.path for step in sent.steps if isinstance(step, Remove)] == [Path("/opt/uncork/aaaa")]


def test_an_agent_that_runs_by_another_uncork_is_started_again_though_its_unit_is_there() -> None:
    assert names(changes(replace(ready(), agent="aaaa"), DIGEST, "0.1.0")) == ["agent"]


def test_an_agent_that_down_has_ended_stays_so() -> None:
    seen = replace(ready(), agent="", down=True, units={**ready().units, "uncork-agent.service": Unit()})
    assert changes(seen, DIGEST, "0.1.0") == ()


def test_a_command_of_somebody_elses_that_is_called_uncork_too_is_left_alone() -> None:
    theirs = {"/usr/local/bin/uncork": Found("file", 0o755, "root", "theirs")}
    assert "command" not in names(changes(replace(bare(), paths=theirs), DIGEST, "0.1.0"))


def test_an_nginx_that_stands_still_is_started_and_stopped_again_by_the_removal() -> None:
    seen = replace(bare(), programs={"nginx": "/usr/sbin/nginx", "logrotate": "/usr/sbin/logrotate"})
    made = [change for change in changes(seen, DIGEST, "0.1.0") if change.name == "nginx"]
    assert argvs(tuple(made)) == ["systemctl start nginx.service", "systemctl --quiet enable nginx.service"]
    back = argvs(removal(ready(), recorded(nginx=(*made[0].undo.nginx, *made[1].undo.nginx))))
    assert "systemctl stop nginx.service" in back
    assert "systemctl --quiet disable nginx.service" in back


def test_an_nginx_that_ran_before_runs_after_the_removal() -> None:
    assert not [line for line in argvs(removal(ready(), recorded())) if "nginx.service" in line or "purge" in line]


def test_packages_go_again_unless_somebody_has_put_a_site_beside_ours() -> None:
    record = recorded(packages=("nginx", "nginx-common"))
    assert "dpkg --purge nginx nginx-common" in argvs(removal(ready(), record))
    theirs = replace(ready(), sites=("/etc/nginx/sites-enabled/blog",))
    assert "dpkg --purge nginx nginx-common" not in argvs(removal(theirs, record))
    assert any("/etc/nginx/sites-enabled/blog" in change.what for change in removal(theirs, record))


def test_apps_users_are_known_by_what_they_were_made_with_and_others_of_such_a_name_stay() -> None:
    users = {
        "uncork-shop": Account("uncork-shop", 998, "shop, by uncork", "/nonexistent"),
        "uncork-fan": Account("uncork-fan", 1002, "Jane", "/home/uncork-fan"),
    }
    back = removal(replace(ready(), accounts=users), recorded())
    assert [change.what for change in back if change.name == "users"] == ["remove the user uncork-shop and its group"]


def test_the_record_is_the_last_to_go_so_that_a_removal_that_was_cut_short_goes_on() -> None:
    last = removal(ready(), recorded(paths=("/etc/uncork", "/opt/uncork")))[-1]
    assert [step.path for step in last.steps if isinstance(step, Remove)] == [Path("/etc/uncork")]


def test_a_record_comes_back_as_it_was_written() -> None:
    whole = replace(RECORD, undo=Undo(("/opt/uncork",), (), ("uncork",), ("nginx",), ("runs",)))
    assert record.decode(record.encode(whole), "s1") == whole
    assert record.decode("", "s1") is None
    with pytest.raises(UserError, match=r"s1: /etc/uncork/machine.json can't be read"):
        record.decode("{", "s1")


def test_what_was_not_there_the_first_time_is_undone_whatever_setup_found_the_second_time() -> None:
    assert Undo(paths=("/a",)) | Undo(paths=("/b", "/a"), users=("uncork",)) == Undo(("/a", "/b"), users=("uncork",))


UNFIT = {
    "s1 has Fedora Linux 42, which uncork does not set up": {"system": ("fedora", "42"), "title": "Fedora Linux 42"},
    "s1 is a riscv64": {"machine": "riscv64"},
    "s1 was not booted by systemd": {"systemd": False},
    "uncork needs Python 3.10 or newer on s1; /usr/bin/python3.9 is 3.9.2": {
        "pythons": (Python("/usr/bin/python3.9", "3.9.2", whole=True),)
    },
    "/usr/bin/python3.11 is 3.11.2, in part": {"pythons": (Python("/usr/bin/python3.11", "3.11.2", whole=False),)},
    "on s1; there is none": {"pythons": ()},
    "the disk of /opt has 20 MB left, and 300 are needed": {"free": {"/opt": 20 * 1024**2}},
    "apache2 listens on port 80 of s1": {"port": "apache2"},
    "s1 has a user or a group uncork that is not ours": {
        "accounts": {"uncork": Account("uncork", 1003, "", "/home/uncork")}
    },
    "a group uncork that is not ours": {"groups": ("uncork",)},
    "root has served with uncork on s1 already": {"home": True},
}


@pytest.mark.parametrize("problem", UNFIT)
def test_a_machine_that_cant_serve_is_told_so_before_anything_is_changed(problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        fitting(replace(bare(), **UNFIT[problem]), "s1", known=False)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize(
    ("version", "python", "glibc"), [("22.04", "3.10.12", 35), ("24.04", "3.12.3", 39)], ids=["22.04", "24.04"]
)
def test_ubuntu_is_set_up_as_debian_is(machine: str, version: str, python: str, glibc: int) -> None:
    lines = {
        "id": "ubuntu",
        "version": version,
        "title": f"Ubuntu {version} LTS",
        "machine": machine,
        "libc": f"glibc 2.{glibc}",
        "python": f"/usr/bin/python{python.rpartition('.')[0]}\t{python}\tyes",
    }
    said = (line for line in (SAID / "bare.tsv").read_text().splitlines() if line.partition("\t")[0] not in lines)
    found = seen("\n".join((*said, *(f"{key}\t{value}" for key, value in lines.items()))))

    assert fitting(found, "s1", known=False).wheels == f"{machine}-manylinux_2_{glibc}"
    assert changes(found, DIGEST, "0.1.0") == changes(bare(), DIGEST, "0.1.0")


def test_what_setup_made_itself_does_not_stand_in_its_way_the_next_time() -> None:
    assert fitting(ready(), "s1", known=True).wheels == "x86_64-manylinux_2_36"


def test_the_machines_own_python_is_taken_before_a_newer_one_beside_it() -> None:
    two = (Python("/usr/bin/python3.11", "3.11.2", whole=True), Python("/usr/bin/python3.13", "3.13.1", whole=True))
    assert fitting(replace(bare(), pythons=two), "s1", known=False).executable == "/usr/bin/python3.11"
    old = (Python("/usr/bin/python3.9", "3.9.2", whole=True), two[1])
    assert fitting(replace(bare(), pythons=old), "s1", known=False).executable == "/usr/bin/python3.13"


def test_versions_are_compared_by_their_numbers() -> None:
    assert newer("0.10.0", "0.9.3")
    assert not newer("0.9.3", "0.9.3")
    assert not newer("0.9", "0.10")
