"""Deploys that change what the front and the server speak with each other: requests under way know nothing of it."""

import pytest

from tests.e2e.stacks import Stack, apache, nothing
from tests.e2e.state import Uncork
from tests.load.result import Failure

BY_NGINX = ('server = "granian"', 'server = "uwsgi"', 'server = {protocol = "http-socket"}')
BY_APACHE = ('server = "mod_wsgi"', 'front = "apache"', 'server = "granian"\nfront = "apache"')


def _of_a_reload(failure: Failure, front: Stack) -> bool:
    """Whether Apache closed a kept-alive connection just when a POST was on its way, which can't be asked again."""
    told = (failure.kind, failure.method, failure.reused)
    return front.lacks is apache and told == ("reset", "POST", True)


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
    with uncork.load(120.0) as load:
        for number, config in enumerate(configs):
            uncork.run("up", str(Stack("next", config).project(uncork.root / f"next-{number}"))).ok()
        uncork.run("rollback").ok()
    assert not [failure for failure in load.result.failures if not _of_a_reload(failure, first)]
    assert set(load.result.releases) == {1, 2, 3, 4}
