"""What is read of a system's nginx, from what it prints of itself and of its config."""

import pytest

from uncork.fronts.host import Host, Listen, Server, host
from uncork.fronts.nginx_text import Directive, parse

DEBIAN = """nginx version: nginx/1.22.1
configure arguments: --with-cc-opt='-g -O2' --prefix=/usr/share/nginx --conf-path=/etc/nginx/nginx.conf \
--pid-path=/run/nginx.pid --with-compat
"""
MAIN = """# configuration file /etc/nginx/nginx.conf:
user www-data;
pid /run/own.pid;
include /etc/nginx/modules-enabled/*.conf;
events { worker_connections 768; }
http {
    # include /etc/nginx/nowhere/*;
    log_format odd '{"a": "$b"} # {';
    include mime.types;
    include /etc/nginx/conf.d/*.conf;
    include /etc/nginx/sites-enabled/*;
    server { listen 10.0.0.5; }
}

# configuration file /etc/nginx/mime.types:
types { text/html html; }
"""
SITES = """# configuration file /etc/nginx/sites-enabled/default:
server {
    listen 80 default_server;
    listen [::]:80 default_server;
    server_name _;
    location ~ "^/x{2}" { return 200 "a } b"; }
}
# configuration file /etc/nginx/sites-enabled/zz-uncork-1.conf:
server { listen 80; server_name ours.example; }
# configuration file /etc/nginx/sites-enabled/zzz:
server { server_name Shop.Example "*.shop.example"; listen *:8080 reuseport; listen unix:/run/x.sock; }
"""


def found(dumped: str = MAIN + SITES, version: str = DEBIAN) -> Host:
    return host("/usr/sbin/nginx", version, dumped, "zz-uncork-1.conf")


def test_its_version_its_account_and_its_folder_of_sites_are_known() -> None:
    assert found().dialect.version == (1, 22, 1)
    assert (found().user, found().pid_file) == ("www-data", "/run/own.pid")
    assert found().folder == "/etc/nginx/sites-enabled"


def test_the_servers_of_others_are_known_in_the_order_that_nginx_has_them_in() -> None:
    everywhere = (Listen("0.0.0.0:80", default=True), Listen("[::]:80", default=True))
    assert found().before == (Server("/etc/nginx/sites-enabled/default", ("_",), everywhere),)
    shop, inline = found().after
    assert shop.names == ("shop.example", "*.shop.example")
    assert shop.listens == (Listen("0.0.0.0:8080"), Listen("unix:/run/x.sock"))
    assert [listen.port for listen in shop.listens] == [8080, 0]
    assert inline == Server("/etc/nginx/nginx.conf", (), (Listen("10.0.0.5:80"),))


@pytest.mark.parametrize(("said", "bucket"), [("", 64), ("32", 64), ("65", 128), ("1k", 1024)])
def test_how_much_room_it_has_for_names_is_known(said: str, bucket: int) -> None:
    directive = f"http {{ server_names_hash_bucket_size {said};" if said else "http {"
    assert found(MAIN.replace("http {", directive)).bucket == bucket


def test_where_a_server_listens_may_be_said_in_a_file_that_it_includes() -> None:
    (server,) = found(
        "# configuration file /etc/nginx/nginx.conf:\n"
        "http { server { server_name a.example; include conf.d/*.conf; include sites-enabled/*; } }\n"
        "# configuration file /etc/nginx/conf.d/listen.conf:\nlisten 443 ssl;\n"
    ).servers
    assert server.listens == (Listen("0.0.0.0:443"),)


def test_a_file_of_ours_is_none_of_others() -> None:
    assert not [server for server in found().servers if "ours.example" in server.names]


@pytest.mark.parametrize(
    ("includes", "folder"),
    [
        ("include /etc/nginx/conf.d/*.conf;", "/etc/nginx/conf.d"),
        ("include conf.d/*.conf; include vhosts.d/*.conf;", "/etc/nginx/vhosts.d"),
        ("include /etc/nginx/sites-enabled/*.site;", ""),
        ("", ""),
    ],
)
def test_the_folder_of_sites_is_one_that_is_included_and_would_include_ours(includes: str, folder: str) -> None:
    assert found(f"# configuration file /etc/nginx/nginx.conf:\nhttp {{ {includes} }}\n").folder == folder


def test_what_the_config_does_not_say_is_as_it_was_compiled() -> None:
    bare = found("# configuration file /etc/nginx/nginx.conf:\nhttp { include conf.d/*.conf; server { } }\n")
    assert (bare.user, bare.pid_file) == ("nobody", "/run/nginx.pid")
    assert bare.servers == (Server("/etc/nginx/nginx.conf", (), (Listen("0.0.0.0:80"),)),)
    relative = found(
        version="nginx version: nginx/1.27.4\nconfigure arguments: --user=nginx --prefix=/opt/n", dumped=""
    )
    assert (relative.user, relative.pid_file, relative.dialect.waits) == ("nginx", "/opt/n/logs/nginx.pid", True)


def test_quotes_comments_and_braces_in_words_end_nothing() -> None:
    (outer,) = parse('a \'x;{}\' "y \\" #" b#c ${d}e { inner f; # } \n }')
    assert outer.words == ("a", "x;{}", 'y " #', "b#c", "${d}e")
    assert outer.block == (Directive(("inner", "f")),)
    assert [one.name for one in outer.all()] == ["a", "inner"]
