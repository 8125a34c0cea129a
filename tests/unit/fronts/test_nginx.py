"""nginx's config: what is in it, and that no value gets out of its place."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Golden
from uncork.errors import UsageError
from uncork.fronts.nginx import Nginx, escape
from uncork.layout import Layout
from uncork.model import Account
from uncork.plan import Copy, Directory
from uncork.serving import LOCAL, Address, Cache, Maintenance, PathRule, Protocol, Site, Static, Tls, Upstream
from uncork_runtime.spans import WORDS

LAYOUT = Layout(Path("/srv/uncork"), Path("/srv/uncork/run"))
LIVE = "/srv/uncork/apps/guestbook/live/source"
NGINX = Nginx("/opt/nginx")
GUESTBOOK = Site("guestbook", Protocol.UWSGI, static=(Static("/static/", f"{LIVE}/static"),), max_body=1_000_000)
SHOP = Site("shop", Protocol.UWSGI, ("example.com", "*.example.com"), "/shop",
            (Static("/static/", "/srv/s"), Static("/admin/static/", "/srv/a")), request_timeout=0.5)  # fmt: skip
SECURE = Address(tls_port=8443)
WITH_HTTPS = {"https", "trusted_proxies"}
CASES: dict[str, tuple[Site, ...]] = {
    "default": (GUESTBOOK,),
    "mount_and_domains": (GUESTBOOK, SHOP),
    "shared_domain": (replace(GUESTBOOK, domains=("example.com",)), SHOP),
    "http": (replace(GUESTBOOK, speaks=Protocol.HTTP), SHOP),
    "stopped": (replace(GUESTBOOK, stopped=True), SHOP),
    "strange_values": (
        replace(SHOP, mount="/a b/é;{}", static=(Static('/s"t\\x/', "/srv/a b;{}'#"),), max_body=0),
    ),
    "paths": (
        replace(GUESTBOOK, paths=(
            PathRule("/reports", timeout=600, max_body=2**30), PathRule("/admin", allow=("10.0.0.0/8", "::1")),
            PathRule("/admin/long", timeout=60.5, basic_auth="/srv/staff.htpasswd"),
            PathRule("/static/private", basic_auth="/srv/staff.htpasswd"), PathRule("/_uncork/ready", timeout=1),
        )),
        replace(SHOP, speaks=Protocol.HTTP, paths=(PathRule("/", allow=("10.0.0.1",)), PathRule("/a%20b", timeout=1))),
    ),
    "https": (
        replace(GUESTBOOK, domains=("example.com",), tls=Tls("self-signed")),
        replace(SHOP, tls=Tls("files", "shop.pem", "shop.key", redirect=False, hsts=31_536_000.0)),
        Site("plain", Protocol.UWSGI, mount="/plain"),
    ),
    "trusted_proxies": (
        replace(GUESTBOOK, domains=("example.com",), tls=Tls("self-signed"), trusted_proxies=("10.0.0.5", "fd00::/8")),
        replace(SHOP, speaks=Protocol.HTTP, trusted_proxies=("10.0.0.0/8",)),
    ),
    "cache": (
        replace(GUESTBOOK, cache=Cache(on=True), cookies=("session", "remember_token"),
                paths=(PathRule("/search", cache=False),)),
        replace(SHOP, speaks=Protocol.HTTP, cache=Cache(size=2**30),
                paths=(PathRule("/news", timeout=60, cache=True),)),
    ),
    "backends": (
        replace(GUESTBOOK, balance="least-connections", upstreams=(
            Upstream("10.0.0.2:8001", weight=2), Upstream("unix:/run/guestbook.sock", backup=True),
        )),
        replace(SHOP, speaks=Protocol.HTTP, upstreams=(Upstream(LOCAL, backup=True), Upstream("127.0.0.1:8009"))),
        Site("alone", Protocol.UWSGI, mount="/alone", upstreams=(Upstream(LOCAL),)),
    ),
    "maintenance": (
        replace(GUESTBOOK, health="/health%20z?deep=1",
                maintenance=Maintenance("/srv/away.html", ("10.0.0.0/8", "::1"))),
        replace(SHOP, stopped=True, maintenance=Maintenance()),
    ),
    "nothing": (),
}  # fmt: skip


def texts(*sites: Site, address: Address | None = None, account: Account | None = None) -> dict[str, str]:
    files = NGINX.files(LAYOUT, address or Address(), sites, account)
    return {str(file.path.relative_to(LAYOUT.front)): file.content for file in files}


@pytest.mark.parametrize("case", CASES)
def test_the_config_is_as_an_expert_writes_it(golden: Golden, case: str) -> None:
    said = texts(*CASES[case], address=SECURE if case in WITH_HTTPS else None)
    always = {"mime.types", "server.conf", "listen.conf", "check/nginx.conf", "check/listen.conf"}
    golden(case, said if case == "default" else {name: said[name] for name in said.keys() - always})


def test_as_root_the_config_is_the_same_since_all_of_nginx_runs_as_the_account() -> None:
    said = texts(GUESTBOOK, account=Account("www-data", "www-data", 33, 33))
    assert said == texts(GUESTBOOK)
    assert not re.search(r"^user ", said["nginx.conf"], re.MULTILINE)


def test_an_app_s_file_is_the_same_whatever_the_others_do() -> None:
    assert texts(GUESTBOOK, SHOP)["apps/shop.conf"] == texts(SHOP)["apps/shop.conf"]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (Address(), "127.0.0.1:8000"),
        (Address("0.0.0.0", 80), "0.0.0.0:80"),
        (Address("::", 80), '"[::]:80"'),
        (Address("::1", 8000), '"[::1]:8000"'),
    ],
)
def test_it_listens_where_it_is_told(address: Address, said: str) -> None:
    assert texts(address=address)["listen.conf"] == f"listen {said};\n"


def test_a_largest_body_of_nothing_is_not_no_limit() -> None:
    said = texts(replace(GUESTBOOK, max_body=0), SHOP)
    assert "client_max_body_size 1;" in said["apps/guestbook.conf"]
    assert "client_max_body_size 16777216;" in said["apps/shop.conf"]


def test_a_static_folder_that_stands_for_every_url_is_left_to_the_app() -> None:
    said = texts(replace(GUESTBOOK, static=(Static("/", "/srv/all"),)))["apps/guestbook.conf"]
    assert "alias" not in said


def test_of_two_static_folders_at_one_url_the_first_counts() -> None:
    said = texts(replace(GUESTBOOK, static=(Static("/s/", "/srv/1"), Static("/s", "/srv/2"))))["apps/guestbook.conf"]
    assert re.findall("alias (.*);", said) == ["/srv/1/"]


def test_a_stopped_app_serves_nothing_not_even_static_files() -> None:
    said = texts(replace(SHOP, stopped=True))["apps/shop.conf"]
    assert "return 503;" in said
    assert "alias" not in said
    assert "uwsgi_pass" not in said


def test_it_adopts_the_supervisor_s_socket_and_writes_to_one_folder_only() -> None:
    service = NGINX.service(LAYOUT, Address())
    assert dict(service.env)["NGINX"] == "3;"
    assert service.stop_signal == "QUIT"
    folder, below = NGINX.folders(LAYOUT)
    assert isinstance(folder, Directory)
    assert isinstance(below, Directory)
    assert folder.path in below.path.parents
    assert folder.serving
    assert below.serving
    assert service.argv[service.argv.index("-p") + 1] == str(folder.path)


@pytest.mark.parametrize(("port", "low"), [(0, False), (443, True), (8443, False)])
def test_only_for_a_low_port_it_has_more_rights_than_others(port: int, low: bool) -> None:  # noqa: FBT001
    assert NGINX.service(LAYOUT, Address(tls_port=port)).low_port is low


def test_a_binary_that_the_account_can_not_get_to_is_copied() -> None:
    nginx = Nginx("/srv/uncork/bin/1.31.3/nginx", copy_of="/root/venv/bin/nginx")
    copy = Copy(Path("/root/venv/bin"), Path("/srv/uncork/bin/1.31.3"), ("nginx",), "copy nginx")
    assert copy in nginx.folders(LAYOUT)


def test_the_check_runs_as_the_account_that_serves() -> None:
    run = NGINX.check(LAYOUT)
    assert run.serving
    assert "-t" in run.argv


@pytest.mark.parametrize("home", ["/srv/a*b", "/srv/a[b]", "/srv/a?"])
def test_a_home_that_is_a_pattern_is_refused(home: str) -> None:
    with pytest.raises(UsageError):
        NGINX.files(Layout(Path(home), Path("/run/u")), Address(), (), None)


@pytest.mark.parametrize("value", ["$host", "a\nb", "a\0b", "\udc80", "a\tb", "x" * 4001, "é" * 2001])
def test_a_value_that_would_be_read_as_more_is_refused(value: str) -> None:
    with pytest.raises(UsageError):
        escape(value)


def tokens(text: str) -> list[str]:
    """What ngx_conf_read_token makes of a line: words, quotes, backslashes, and what ends a directive."""
    found: list[str] = []
    rest = text
    while rest := rest.lstrip(" \t\r\n"):
        match = re.match(r'"((?:[^"\\]|\\.)*)"(?=[\s;{)]|$)', rest, re.DOTALL) or re.match(r"([^\s;{}\"'#\\$]+)", rest)
        if not match:
            found.append(rest[0])
            rest = rest[1:]
            continue
        found.append(re.sub(r'\\(["\'\\])', r"\1", match[1]))
        rest = rest[match.end() :]
    return found


HOSTILE = st.text(alphabet=st.sampled_from("ab/.;{}$\"'\\# \t\n%*é~=@")) | st.text()


@given(HOSTILE)
def test_a_value_comes_back_as_it_was_or_is_refused(value: str) -> None:
    try:
        escaped = escape(value)
    except UsageError:
        return
    assert tokens(f"alias {escaped};") == ["alias", value, ";"]


def test_the_keys_that_make_a_query_secret_are_those_that_make_a_record_so() -> None:
    assert texts(GUESTBOOK)["nginx.conf"].count(f"(?:{WORDS})") == 2
