"""`uncork status`: what it says of a machine that is a balancer."""

import pytest

from tests.unit.cli.fakes import Uncork
from uncork.workflows.status import BalancerStatus, CertificateStatus, MachineStatus, Status

ENDS = "2026-04-01T00:00:00Z"
SHOP = BalancerStatus("shop", ("deploy@web1", "deploy@web2"), (), CertificateStatus(("shop.example",), ENDS))


def test_a_balancer_is_told_with_its_hosts_and_its_certificate(uncork: Uncork, monkeypatch: pytest.MonkeyPatch) -> None:
    blog = BalancerStatus("blog", ("web1",), (), CertificateStatus((), None))
    found = Status("/h", (), "down", "running", MachineStatus(2, (0.1, 0.1, 0.1), 1, 1), balancers=(SHOP, blog))
    monkeypatch.setattr("uncork.workflows.status.status", lambda *_: found)
    assert uncork("status").out.splitlines()[:-1] == [
        "balancer of shop: deploy@web1, deploy@web2",
        f"certificate of the balancer of shop: until {ENDS}, renewed by itself",
        "balancer of blog: web1",
        "certificate of the balancer of blog: none yet",
    ]
    (first, _) = uncork("status", "--json").json["balancers"]
    assert first["certificate"] == {"names": ["shop.example"], "ends": ENDS}
