"""The lab itself: what the other tests rest on."""

from tests.e2e.lab.machines import Lab, Machine
from tests.e2e.lab.tree import differences


def test_a_machine_is_a_debian_with_systemd_that_one_can_log_in_to_and_that_reboots(bare: Machine) -> None:
    assert bare.sh("cat /proc/1/comm").strip() == "systemd"
    assert bare.sh("sudo -n id -u", "deploy").strip() == "0"
    bare.reboot()
    assert bare.sh("systemctl is-system-running --wait").strip() == "running"
