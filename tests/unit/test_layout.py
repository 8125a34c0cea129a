"""Where things are on a machine set up for serving."""

from uncork.layout import MACHINE
from uncork.model import Instance
from uncork.serving import Protocol


def test_a_machine_logs_where_machines_do() -> None:
    app = MACHINE.app("shop")
    assert MACHINE.machine
    assert str(MACHINE.agent_log) == "/var/log/uncork/agent.log"
    assert str(app.server_log) == "/var/log/uncork/apps/shop/server.log"
    assert str(app.outside_access_log) == "/var/log/uncork/access/shop.log"


def test_the_links_that_a_front_goes_through_outlive_a_reboot_of_the_machine_and_sockets_do_not() -> None:
    app = MACHINE.app("shop")
    assert str(app.current_socket) == "/var/lib/uncork/apps/shop/sockets/current.sock"
    assert str(app.entrance(Protocol.HTTP)) == "/var/lib/uncork/apps/shop/sockets/http.sock"
    assert str(app.socket(Instance("shop", 7))) == "/run/uncork/shop/7.1/app.sock"
