"""Deploys that change what the front and the server speak with each other: requests under way know nothing of it."""

import pytest

from tests.e2e.stacks import Stack, apache, nothing
from tests.e2e.state import Uncork
from tests.load.client import GET

BY_NGINX = ('server = "granian"', 'server = "uwsgi"', 'server = {protocol = "http-socket"}')
BY_APACHE = ('server = "mod_wsgi"', 'front = "apache"', 'server = "granian"\nfront = "apache"')


@pytest.mark.parametrize(
    ("first", "configs"),
    [
        (Stack("nginx", lacks=nothing), BY_NGINX),
        (Stack("apache", 'front = "apache"', apache), BY_APACHE),
    ],
    ids=["nginx", "apache"],
)
def test_a_deploy_to_a_server_that_speaks_something_else_loses_no_request(
    uncork: Uncork, first: Stack, configs: tuple[str, ...]
) -> None:
    first.needed()
    uncork.up(first.project(uncork.root / "first")).ok()
    # A reload of Apache may lose a POST on a kept-alive connection, whatever the servers speak.
    with uncork.load(120.0, (GET,) if first.lacks is apache else None) as load:
        for number, config in enumerate(configs):
            uncork.run("up", str(Stack("next", config).project(uncork.root / f"next-{number}"))).ok()
        uncork.run("rollback").ok()
    assert not load.result.failures
    assert set(load.result.releases) == {1, 2, 3, 4}
