from uncork.servers import SERVERS
from uncork.servers.hashes import hashed
from uncork.serving import ServerSettings


def test_servers_that_need_nothing_else_come_with_their_hashes() -> None:
    for name in ("uwsgi", "gunicorn", "waitress"):
        requires = SERVERS[name].requires(ServerSettings(name))
        lock = hashed(requires)
        assert lock.startswith(f"{requires[0]} \\\n    --hash=sha256:"), name
        assert lock.count("==") == 1


def test_what_needs_more_or_is_of_another_version_is_for_the_resolver() -> None:
    for requires in (("granian==2.8.7",), ("gunicorn==26.0",), ("pyuwsgi==2.0.30.post1", "gevent>=24.10.1")):
        assert not hashed(requires)
