"""Targets: where a deploy goes, and what holds there."""

import pytest

from uncork.config import Config, load, targets_of
from uncork.errors import UsageError
from uncork.serving import Balancer, Target

TWO = """
port = 1
threads = 2
processes = 3
[environments.staging]
threads = 4
[targets.staging]
hosts = ["deploy@s1"]
environment = "staging"
processes = 5
mail = { server = "smtp.example.com" }
[targets.production]
hosts = ["deploy@web1", "ssh://deploy@[::1]:2222", "web3"]
batch = 2
wheels = "send"
[targets.production.balancer]
host = "lb1"
domains = ["shop.example.com"]
"""


def loaded(text: str, target: str, environment: str | None = None) -> Config:
    return load({"uncork.toml": text}, environment, "shop", target)


def test_a_targets_values_lie_over_those_of_its_environment() -> None:
    config = loaded(TWO, "staging")

    assert (config.environment, config.port, config.threads, config.processes) == ("staging", 1, 4, 5)
    assert config.mail.server == "smtp.example.com"
    assert config.target == Target("staging", ("deploy@s1",))


def test_without_a_target_nothing_of_one_holds() -> None:
    config = loaded(TWO, "")

    assert (config.environment, config.processes, config.target) == ("production", 3, None)


def test_an_environment_that_is_said_is_the_targets_own_no_more() -> None:
    config = loaded(TWO, "staging", "testing")

    assert (config.environment, config.threads, config.processes) == ("testing", 2, 5)


def test_a_target_names_its_machines_and_their_balancer() -> None:
    hosts = ("deploy@web1", "ssh://deploy@[::1]:2222", "web3")
    production = Target("production", hosts, 2, "send", Balancer("lb1", domains=("shop.example.com",)))

    assert loaded(TWO, "production").target == production
    assert targets_of({"uncork.toml": TWO}) == (Target("staging", ("deploy@s1",)), production)


def test_the_target_local_is_this_machine_with_values_of_its_own() -> None:
    assert loaded("[targets.local]\nport = 9000\n", "local") == Config("shop", port=9000)
    assert loaded("port = 1", "local") == Config("shop", port=1)


MISTAKES = [
    (
        "[targets.a]",
        "1: the target a has no `hosts`",
        'name its machines, for example hosts = ["deploy@web1"]',
    ),
    (
        "[targets.local]\nhosts = ['a']",
        "2: `local` is this machine, and has no hosts",
        "give the target another name",
    ),
    (
        "[targets.local]\nbatch = 2",
        "2: `batch` is for targets with `hosts`",
        "name the hosts, or take `batch` out",
    ),
    (
        "[targets.a]\nhosts = []",
        "2: `hosts` is [], but it must be a list of machines",
        'write, for example, ["deploy@web1.example.com"]',
    ),
    (
        "[targets.a]\nhosts = ['a', 'a']",
        "2: `hosts` names a twice",
        "keep one of the two",
    ),
    (
        "[targets.a]\nhosts = ['a:22']",
        "2: `hosts` holds 'a:22', but a port is said in a URL",
        'write "ssh://a:22"',
    ),
    (
        "[targets.a]\nhosts = ['a']\nenvironment = 'stagin'\n[environments.staging]",
        "3: there is no environment `stagin`",
        "take `staging`, or write [environments.stagin] in uncork.toml",
    ),
    (
        "[targets.a]\nhosts = ['a']\nproceses = 3",
        "3: `proceses` is no key of [targets.a]",
        "write `processes`",
    ),
    (
        "[targets.a]\nhosts = ['a']\n[targets.a.balancer]\nport = 3",
        "4: the balancer has no `host`",
        'name its machine, for example host = "deploy@lb1"',
    ),
    (
        "[targets.a]\nhosts = ['a']\nbalancer = { host = 'b', addresses = ['1.1.1.1', '2.2.2.2'] }",
        "3: `balancer.addresses` are 2, and there are 1 `hosts`",
        "name one for each host, in the same order",
    ),
    (
        "[targets.a]\nhosts = ['a']\nbalancer = { host = 'a' }",
        "3: the balancer and a host would both listen on port 80 of a",
        "give the balancer another `port`, or a machine of its own",
    ),
    (
        "targets = 3",
        "1: `targets` is no table",
        "write [targets.production], and the keys under it",
    ),
    (
        "[targets.'a b']",
        "1: the target's name is 'a b', but it must be a letter, then at most 39 of letters, digits, `_` and `-`",
        'write, for example, "staging"',
    ),
    (
        "hosts = ['a']",
        "1: `hosts` is no key of the top of uncork.toml",
        None,
    ),
]


@pytest.mark.parametrize(("text", "problem", "fix"), MISTAKES, ids=[text for text, _, _ in MISTAKES])
def test_a_mistake_in_a_target_is_told_with_its_line(text: str, problem: str, fix: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        targets_of({"uncork.toml": text})

    assert caught.value.problem == f"uncork.toml:{problem}"
    assert fix in {None, caught.value.fix}


@pytest.mark.parametrize("host", ["-oProxyCommand=id", "a b", "a;b", "$(id)", "a@b@c", "ssh://-x", "a\nb", "ssh://a/b"])
def test_a_host_that_is_no_machine_is_refused(host: str) -> None:
    with pytest.raises(UsageError, match="`hosts`"):
        targets_of({"uncork.toml": f"[targets.a]\nhosts = [{host!r}]"})


def test_a_target_that_is_none_is_told_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        loaded(TWO, "prodution")

    assert caught.value.problem == "there is no target 'prodution'"
    assert caught.value.fix == "take `production`, or write [targets.prodution] with its `hosts` in uncork.toml"
