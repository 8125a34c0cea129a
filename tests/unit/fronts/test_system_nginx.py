"""The system's nginx: what is written for it, and what it is not asked to do."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Golden
from tests.unit.fronts.test_nginx import CASES as NGINX_CASES
from tests.unit.fronts.test_nginx import GUESTBOOK, LAYOUT, SECURE, SHOP, WITH_HTTPS
from uncork.errors import UsageError
from uncork.fronts.dialect import Dialect
from uncork.fronts.host import Host, Listen, Server
from uncork.fronts.system_nginx import SystemNginx, mark_of, site_name
from uncork.layout import MACHINE, Layout
from uncork.model import Account
from uncork.plan import Directory, Reload, Remove
from uncork.serving import Address, Cache, PathRule, Site, Tls

ACCOUNT = Account("www-data", "www-data", 33, 33)
HOST = Host("/usr/sbin/nginx", Dialect((1, 22, 1)), "www-data", "/run/nginx.pid", "/etc/nginx/sites-enabled", runs=True)
THEIRS = Server("/etc/nginx/sites-enabled/default", ("_", "their.example"), (Listen("0.0.0.0:80", default=True),))
SHARED = replace(HOST, before=(replace(THEIRS, listens=(*THEIRS.listens, Listen("[::]:80", default=True))),))
NEW = replace(HOST, dialect=Dialect((1, 31, 3)))
EVERYWHERE = Address("0.0.0.0", 80)
CASES = {name: sites for name, sites in NGINX_CASES.items() if name != "cache"}


def files(*sites: Site, address: Address | None = None, host: Host = HOST) -> dict[str, str]:
    found = SystemNginx(host, "_1a2b3c4d").files(LAYOUT, address or Address(), sites, ACCOUNT)
    return {file.path.name if file.path.parent != LAYOUT.front / "apps" else f"apps/{file.path.name}": file.content
            for file in found}  # fmt: skip


SITE = "zz-uncork-1a2b3c4d.conf"


@pytest.mark.parametrize("case", CASES)
def test_the_config_is_as_an_expert_writes_it(golden: Golden, case: str) -> None:
    said = files(*CASES[case], address=SECURE if case in WITH_HTTPS else None)
    always = {"mime.types", "server.conf", "listen.conf", "uncork_1a2b3c4d"}
    shown = {"mime.types"} if case in {"default", "https"} else always
    golden(f"system/{case}", {name: text for name, text in said.items() if name not in shown})


def test_a_ca_is_answered_by_http_and_its_certificate_is_read_at_each_handshake(golden: Golden) -> None:
    named = replace(GUESTBOOK, domains=("shop.example", "new.shop.example"))
    asked = replace(named, tls=Tls("acme", email="a@shop.example", names=("shop.example",)))
    said = files(asked, replace(SHOP, tls=Tls("self-signed")), address=replace(EVERYWHERE, tls_port=443))
    golden("system/acme", {name: said[name] for name in (SITE, "apps/guestbook.redirect.conf")})
    newer = files(asked, address=replace(EVERYWHERE, tls_port=443), host=NEW)[SITE]
    assert "ssl_certificate_cache " in newer
    assert "ssl_certificate_cache " not in said[SITE]


def test_until_a_ca_has_certified_a_name_all_is_answered_by_http() -> None:
    asked = replace(GUESTBOOK, domains=("shop.example",), tls=Tls("acme"))
    said = files(asked, address=EVERYWHERE)
    assert "/.well-known/acme-challenge/" in said[SITE]
    assert "ssl_certificate" not in said[SITE]
    assert "apps/guestbook.redirect.conf" not in said


def test_an_older_nginx_is_given_no_directive_that_it_does_not_know() -> None:
    """What 1.18, of Ubuntu 22.04, does not know: https://nginx.org/en/CHANGES."""
    old = replace(HOST, dialect=Dialect((1, 18, 0)))
    later = {"ssl_reject_handshake", "ssl_conf_command", "keepalive_time", "proxy_cookie_flags", "http2",
             "keepalive_min_timeout", "ssl_certificate_cache", "max_headers", "add_header_inherit"}  # fmt: skip
    for case, sites in CASES.items():
        address = SECURE if case in WITH_HTTPS else None
        said = "".join(files(*sites, address=address, host=old).values())
        assert not later & {line.split()[0] for line in said.splitlines() if line.split()}, case
    assert "ssl_reject_handshake on;" in files(*CASES["https"], address=SECURE)[SITE]


def test_a_newer_nginx_gets_what_it_understands(golden: Golden) -> None:
    said = files(*CASES["https"], address=SECURE, host=NEW)
    golden("system/newer", {name: said[name] for name in (SITE, "server.conf", "listen-tls.conf")})


def test_beside_the_sites_of_others_an_app_has_its_names_alone(golden: Golden) -> None:
    said = files(GUESTBOOK, SHOP, address=replace(EVERYWHERE, tls_port=443), host=SHARED)
    golden("system/shared", {name: said[name] for name in (SITE, "listen.conf", "listen-tls.conf")})
    assert "localhost;" not in said[SITE].replace(".localhost", "")


def test_on_two_addresses_http2_is_said_once() -> None:
    host = replace(SHARED, dialect=NEW.dialect, before=(replace(THEIRS, listens=(Listen("[::]:443", default=True),)),))
    said = files(GUESTBOOK, address=replace(EVERYWHERE, tls_port=443), host=host)["listen-tls.conf"]
    assert said.startswith('listen 0.0.0.0:443 ssl;\nlisten "[::]:443" ssl;\nhttp2 on;\n')


def test_two_state_directories_have_no_name_in_common() -> None:
    other = Layout(Path("/srv/other"), Path("/srv/other/run"))
    assert mark_of(LAYOUT) != mark_of(other)
    assert site_name(mark_of(LAYOUT)) != site_name(mark_of(other))


def test_it_logs_where_only_root_makes_files() -> None:
    (folder,) = SystemNginx(HOST, "_1").folders(LAYOUT)
    assert isinstance(folder, Directory)
    assert not folder.serving
    assert LAYOUT.app("shop").outside_access_log.parent == folder.path
    assert str(LAYOUT.app("shop").logs) not in files(SHOP)["apps/shop.conf"]


def test_the_machine_s_nginx_is_reloaded_and_forgets_the_site_again() -> None:
    front = SystemNginx(HOST, "_1")
    assert front.join() == (Reload(Path("/run/nginx.pid"), 10.0, "reload the system's nginx", outside=True),)
    site, rotation = (Path(path) for path in front.outside.files)
    assert site == Path("/etc/nginx/sites-enabled/zz-uncork-1.conf")
    assert front.leave() == (Remove(site), Remove(rotation), *front.join())
    assert SystemNginx(replace(HOST, runs=False), "_1").leave() == (Remove(site), Remove(rotation))


@pytest.mark.parametrize(
    ("address", "host", "said"),
    [
        (Address("127.0.0.1", 80), SHARED, "listens on 0.0.0.0:80"),
        (EVERYWHERE, replace(HOST, before=(replace(THEIRS, listens=(Listen("10.0.0.5:80"),)),)), "10.0.0.5"),
        (EVERYWHERE, replace(HOST, after=(replace(THEIRS, listens=(Listen("0.0.0.0:80"),)),)), "as it is the first"),
        (EVERYWHERE, replace(SHARED, folder=""), "no folder for sites"),
        (EVERYWHERE, replace(SHARED, runs=False), "does not run"),
    ],
)
def test_what_would_change_the_sites_of_others_or_reach_nobody_is_refused(
    address: Address, host: Host, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        files(GUESTBOOK, address=address, host=host)


def test_a_name_that_another_site_has_is_refused_and_its_file_named() -> None:
    with pytest.raises(UsageError, match=r"their\.example on 0\.0\.0\.0:80 .*/etc/nginx/sites-enabled/default"):
        files(replace(GUESTBOOK, domains=("Their.Example",)), address=EVERYWHERE, host=SHARED)
    assert files(replace(GUESTBOOK, domains=("their.example",)), address=Address("0.0.0.0", 8000), host=SHARED)


def test_a_name_that_nginx_has_no_room_for_is_left_out_or_refused() -> None:
    longest, longer = replace(GUESTBOOK, app="a" * 36), replace(GUESTBOOK, app="a" * 37)
    assert f"server_name {'a' * 36}.localhost;" in files(longest)[SITE]
    with pytest.raises(UsageError, match=r"\.localhost is too long") as caught:
        files(longer)
    assert "`server_names_hash_bucket_size 128;`" in caught.value.fix
    assert f"server_name {'a' * 37}.localhost;" in files(longer, host=replace(HOST, bucket=128))[SITE]

    said = files(replace(longer, domains=("shop.example",)))[SITE]
    assert "server_name shop.example;" in said
    with pytest.raises(UsageError, match="is too long"):
        files(replace(longer, domains=(f"{'b' * 40}.example",)))


def test_another_port_than_that_of_others_is_nobody_else_s() -> None:
    front = SystemNginx(SHARED, "_1")
    assert front.shares(EVERYWHERE)
    assert front.shares(Address("0.0.0.0", 8000, tls_port=80))
    assert not front.shares(Address("0.0.0.0", 8000))
    assert files(GUESTBOOK, address=Address("0.0.0.0", 8000), host=SHARED)["listen.conf"] == "listen 0.0.0.0:8000;\n"


@pytest.mark.parametrize(
    "site", [replace(SHOP, cache=Cache(on=True)), replace(SHOP, paths=(PathRule("/a", cache=True),))]
)
def test_a_cache_is_refused(site: Site) -> None:
    with pytest.raises(UsageError, match="`cache`"):
        files(site)


@pytest.mark.parametrize(
    "words",
    [
        "error_log /etc/cron.d/x;",
        "access_log /etc/cron.d/x;",
        "location /x { client_body_temp_path /etc; }",
        "include /etc/shadow;",
        'location /x { "include" /etc/shadow; }',
        "js_content a.b;",
        "content_by_lua_block { os.execute('id') }",
        "proxy_ssl_certificate_key /etc/ssl/private/x;",
    ],
)
def test_no_project_has_root_open_or_run_what_it_names(words: str) -> None:
    with pytest.raises(UsageError, match="by root"):
        files(replace(GUESTBOOK, server_snippet=words))
    with pytest.raises(UsageError, match="by root"):
        files(replace(GUESTBOOK, template=words))


def test_a_snippet_that_stays_in_its_server_is_taken() -> None:
    words = 'access_log off;\nadd_header X-Kind "include; error_log";\nlocation /x { return 204; }'
    assert words in files(replace(GUESTBOOK, server_snippet=words))["apps/guestbook.conf"]


def test_a_state_directory_that_logrotate_can_not_name_is_refused() -> None:
    layout = Layout(Path('/srv/a"b'), Path("/run/u"))
    with pytest.raises(UsageError, match="logrotate"):
        SystemNginx(HOST, "_1").files(layout, Address(), (GUESTBOOK,), ACCOUNT)


def test_logs_go_on_being_rotated_when_an_app_is_gone_with_its_group() -> None:
    files = SystemNginx(HOST, "_1").files(MACHINE, Address(), (GUESTBOOK,), replace(ACCOUNT, group="uncork-guestbook"))
    (rotation,) = (file.content for file in files if file.path == Path("/etc/logrotate.d/uncork_1"))
    assert "create 0640 root uncork\n" in rotation


def test_what_nginx_complains_of_is_for_no_apps_user_and_is_rotated_once() -> None:
    found = {file.path: file.content for file in SystemNginx(HOST, "_1").files(MACHINE, Address(), (), ACCOUNT)}
    (closed,) = SystemNginx(HOST, "_1").folders(MACHINE)
    assert isinstance(closed, Directory)
    assert closed.mode == 0o750
    assert f"error_log {closed.path}/_front.log warn;" in found[MACHINE.front / "server.conf"]
    assert found[Path("/etc/logrotate.d/uncork_1")].count("_front.log") == 0
    assert f"\n{closed.path}/*.log {{\n" in found[Path("/etc/logrotate.d/uncork_1")]
