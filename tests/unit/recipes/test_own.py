"""What a project has of its own: snippets and templates are found for its server and its front, slips are told."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.recipes.kits import kit
from uncork.errors import UsageError
from uncork.fronts.front import Front
from uncork.fronts.nginx import Nginx, escape
from uncork.fronts.registry import FRONTS
from uncork.layout import Layout
from uncork.machine.trees import read
from uncork.recipes.kit.kit import MACHINE
from uncork.recipes.own import own
from uncork.rendering import render_own, source
from uncork.servers import SERVERS
from uncork.servers.server import Server
from uncork.serving import Address, Protocol, Site

LAYOUT = Layout(Path("/state"), Path("/state/run"))
TEXTS = {
    "uncork/uwsgi.ini": "\r\nroute = ^/old redirect:/new\r\n",
    "uncork/nginx.server.conf": "add_header X-Frame-Options DENY;\n",
    "uncork/app.conf.j2": "# {{ app.site.app }}\n",
    "uncork/notes.md": "not for uncork",
    "shop/uncork/uwsgi.ini": "processes = 99",
}
PRODUCTS = (*SERVERS.values(), *FRONTS)
PACKAGES = {product.name: "uncork.servers" if isinstance(product, Server) else "uncork.fronts" for product in PRODUCTS}


def test_what_is_the_servers_and_the_fronts_is_found_and_told() -> None:
    found = own(TEXTS, SERVERS["uwsgi"], Nginx)

    assert found.server_snippet == "route = ^/old redirect:/new"
    assert found.front_snippet == "add_header X-Frame-Options DENY;"
    assert (found.server_template, found.front_template) == ("", "# {{ app.site.app }}\n")
    assert found.notes == (
        "uncork/app.conf.j2 is taken in place of uncork's own template for nginx",
        "uncork/nginx.server.conf is added to the config of nginx",
        "uncork/uwsgi.ini is added to the config of uwsgi",
    )


def test_a_release_with_words_of_nginxs_stands_behind_no_other_front() -> None:
    assert own(TEXTS, SERVERS["uwsgi"], Nginx).fronts == ("nginx", "system-nginx")
    assert own({"uncork/uwsgi.ini": "x = y"}, SERVERS["uwsgi"], Nginx).fronts == ()


def test_what_is_for_another_server_is_said_to_be_unused() -> None:
    found = own({"uncork/uwsgi.ini": "x = y"}, SERVERS["gunicorn"], Nginx)

    assert found.server_snippet == ""
    assert found.notes == ("uncork/uwsgi.ini is not used: neither gunicorn nor nginx has such a file",)


def test_a_template_that_stands_in_place_of_none_is_a_slip() -> None:
    with pytest.raises(UsageError, match=r"uncork/uwsg\.ini\.j2 stands in place of no template") as refused:
        own({"uncork/uwsg.ini.j2": ""}, SERVERS["uwsgi"], Nginx)
    assert "uwsgi.ini.j2" in refused.value.fix


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("uwsgi.inni", "uwsgi.ini"),
        ("nginx.sever.conf", "nginx.server.conf"),
        ("nginx/server.conf", "nginx.server.conf"),
        ("Gunicorn.Conf.py", "gunicorn.conf.py"),
        ("app.conf.j2.txt", "app.conf.j2"),
    ],
)
def test_a_misspelt_name_is_told_with_the_nearest_right_one(name: str, meant: str) -> None:
    found = own({}, SERVERS["uwsgi"], Nginx, (f"uncork/{name}", "app.py"))

    assert found.notes == (
        f"uncork/{name} is not used: uncork reads no file of that name; did you mean uncork/{meant}?",
    )


@pytest.mark.parametrize("name", ["README.md", "notes.md", "__init__.py", "cli/app.py", ".gitignore", "logo.png"])
def test_what_is_like_no_name_of_ours_is_the_projects_own_business(name: str) -> None:
    assert own({}, SERVERS["uwsgi"], Nginx, (f"uncork/{name}",)).notes == ()


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.name)
def test_every_template_that_may_be_replaced_is_there_to_begin_with(product: Server | type[Front]) -> None:
    assert not product.template or source(PACKAGES[product.name], product.template)
    assert not product.snippet.endswith(".j2")


def test_every_front_that_a_config_can_name_is_known() -> None:
    assert {front.name for front in FRONTS} == {"nginx", "system-nginx", "apache", "none"}


@pytest.mark.parametrize("name", ["uwsgi", "gunicorn", "granian", "waitress"])
def test_a_snippet_is_in_the_servers_config_as_it_was_written(name: str) -> None:
    made = kit(name, MACHINE)
    snippet = "# %(x) $(y) {{ z }} ' \\"
    (file, *_) = made.server.files(replace(made.build, snippet=snippet))

    assert f"\n{snippet}\n" in file.content


@pytest.mark.parametrize("name", ["uwsgi", "gunicorn", "granian", "waitress"])
def test_a_projects_own_template_is_given_what_ours_is(name: str) -> None:
    made = kit(name, MACHINE)
    template = "# {{ build.app }} has {{ build.processes }}\n"
    (file, *_) = made.server.files(replace(made.build, template=template))

    assert file.content == f"# shop has {made.build.processes}\n"


def test_a_snippet_is_in_nginxs_config_of_that_app_alone() -> None:
    sites = (Site("shop", Protocol.UWSGI, server_snippet="expires 1d;"), Site("other", Protocol.UWSGI))
    files = Nginx("nginx").files(LAYOUT, Address(), sites, None)

    assert [file.path.name for file in files if "\nexpires 1d;\n" in file.content] == ["shop.conf"]


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("a\n{{ app.nothing }}\n", r"uncork/app\.conf\.j2:2: .*no attribute 'nothing'"),
        ("{% if %}", r"uncork/app\.conf\.j2:1: "),
        ("\n\n{{ nobody }}", r"uncork/app\.conf\.j2:3: .*'nobody' is undefined"),
        ("{{ app.__class__.__mro__ }}", r"unsafe"),
        ("{{ cycler.__init__.__globals__ }}", r"unsafe"),
        ("{{ folder.joinpath('passwd').read_text() }}", r"not safely callable"),
        ("{{ folder.joinpath('x') | attr('unlink') }}", r"not safely callable"),
        ("{{ (folder | attr('glob'))('*') | list }}", r"not safely callable"),
        ("{% include 'nowhere.j2' %}", r"uncork/app\.conf\.j2:1: "),
        ("{% include '../../../pyproject.toml' %}", r"uncork/app\.conf\.j2:1: "),
        ("{% include '/etc/passwd' %}", r"uncork/app\.conf\.j2:1: "),
        ("{{ 1 / 0 }}", r"uncork/app\.conf\.j2:1: .*division"),
    ],
)
def test_a_template_that_can_not_be_filled_in_is_refused_with_its_line(template: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        render_own(template, "uncork.fronts", "app.conf.j2", escape, app=Address(), folder=Path("/etc"))


def test_a_template_may_include_ours_and_its_values_are_escaped() -> None:
    said = render_own(
        "{{ 'a b' }} {{ 'C d'.lower() | verbatim }}\n{% include 'mime.types' %}", "uncork.fronts", "x", escape
    )

    assert said.startswith('"a b" c d\n')
    assert "text/html" in said


def test_the_folder_is_read_with_the_project(tmp_path: Path) -> None:
    for name in ("uncork/uwsgi.ini", "uncork/nginx.server.conf", "uncork/app.conf.j2", "shop/uncork/x.ini", "app.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("text")

    assert set(read(tmp_path).texts) == {
        "uncork/uwsgi.ini", "uncork/nginx.server.conf", "uncork/app.conf.j2", "app.py"
    }  # fmt: skip
