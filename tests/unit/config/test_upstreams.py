"""What the config says of who answers an app's requests."""

import pytest

from uncork.config import load
from uncork.errors import UsageError
from uncork.serving import LOCAL, Upstream

THERE = '{ address = "10.0.0.2:8001", backup = true }'


def upstreams(rows: str) -> tuple[Upstream, ...]:
    return load({"uncork.toml": f"[front]\nupstreams = [{rows}]\n"}, "production", "shop").front.upstreams


def test_other_servers_may_all_be_backups_of_the_release_here() -> None:
    assert upstreams(THERE) == (Upstream("10.0.0.2:8001", backup=True),)


def test_the_release_here_may_be_the_backup_of_others_but_not_of_nobody() -> None:
    local = '{ address = "local", backup = true }'
    assert upstreams(f'{local}, {{ address = "unix:/run/s", weight = 2 }}')[0] == Upstream(LOCAL, backup=True)
    with pytest.raises(UsageError, match="are all backups"):
        upstreams(f"{local}, {THERE}")


@pytest.mark.parametrize("address", ["10.0.0.2:80", "shop.example:8001", "[::1]:80", "unix:/run/shop.sock", "local"])
def test_an_address_is_of_a_server_or_a_socket(address: str) -> None:
    assert upstreams(f'{{ address = "{address}" }}') == (Upstream(address),)


WRONG = ("10.0.0.2", "10.0.0.2:0", "10.0.0.2:70000", "http://a:1", "unix:s", "a b:1", "a;:1", "[::g]:1", "::1:80")


@pytest.mark.parametrize("address", WRONG)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match=r"10\.0\.0\.2:8001"):
        upstreams(f'{{ address = "{address}" }}')
