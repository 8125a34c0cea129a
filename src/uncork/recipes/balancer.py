"""Whether a balancer can answer by HTTPS, as a config asks for it."""

from uncork.config import Config
from uncork.errors import UsageError
from uncork.recipes.acme import check_names
from uncork.serving import ACME, HTTP, Balancer


def check(config: Config, balancer: Balancer) -> None:
    """Raise UsageError where it can't: before any machine is asked."""
    if not config.tls.asked:
        return
    table = f"[targets.{config.target.name}.balancer]" if config.target else "the balancer's table"
    port, own = config.tls.beside(balancer.port), config.port or HTTP
    if port == balancer.port:
        fix = f"write another `port` {config.written('tls')}, or {table}"
        raise UsageError(f"the balancer can't listen on port {port} for both HTTP and HTTPS", fix)
    if config.target and balancer.host in config.target.hosts and port == own:
        fix = f"write another `port` {config.written('tls')}, or give the balancer a machine of its own"
        raise UsageError(f"the balancer's HTTPS and a host would both be on port {port} of {balancer.host}", fix)
    if config.tls.kind == ACME:
        _check_challenges(balancer, table)
        check_names(config.name, balancer.domains or config.domains)


def _check_challenges(balancer: Balancer, table: str) -> None:
    """RFC 8555, section 8.3: a CA comes to no other port."""
    if balancer.port != HTTP:
        raise UsageError(
            f"a CA looks on port {HTTP} for what proves whose a name is, and the balancer listens on {balancer.port}",
            f"take `port` out of {table}; where one of the hosts is on its machine, these then need another one "
            "(`port = 8000` for the target). Or name a certificate with `cert` and `key` under [tls]",
        )
