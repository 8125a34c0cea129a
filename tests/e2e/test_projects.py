"""Projects of every shape, side by side in one state directory."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from tests.e2e.state import EXAMPLES, Uncork, copied, rewrite, state
from tests.load.client import GET


@pytest.fixture(scope="module")
def three() -> Iterator[Uncork]:
    """A shop under /shop, an app without a framework, and hello, in one state directory."""
    with state() as uncork:
        uncork.up(copied("hello", uncork.root / "hello")).ok()
        uncork.up(copied("shop", uncork.root / "shop")).ok()
        uncork.up(copied("plain", uncork.root / "plain")).ok()
        yield uncork


def test_the_first_app_answers_on_the_port_and_each_at_its_own_name(three: Uncork) -> None:
    assert "text one" in three.get().text
    assert "text one" in three.get(host="hello.localhost").text
    assert "plain |/some/path" in three.get("/some/path", host="plain.localhost").text
    assert three.get("/shop/", host="shop.localhost").json()["price"] == 900


def test_a_mounted_app_makes_its_urls_below_its_mount(three: Uncork) -> None:
    shop = three.get("/shop/", host="shop.localhost").json()
    assert shop["urls"] == ["/shop/", "/shop/counter/sold", "/shop/counter/goods/goods.txt"]
    assert three.get("/shop/counter/goods/goods.txt", host="shop.localhost").text == "bottles and corks\n"
    assert three.get("/shop", host="shop.localhost").status in {200, 301, 308}
    for outside in ("/", "/shopping", "/counter/sold"):
        assert three.get(outside, host="shop.localhost").status == 404


def test_a_factory_in_a_package_under_src_gets_its_environment(three: Uncork) -> None:
    shop = three.get("/shop/", host="shop.localhost").json()
    assert shop["config"] == "production"
    assert shop["variables"] == ["production", "production"]
    assert shop["debug"] is False


def test_another_environment_is_handed_to_the_factory_too(three: Uncork) -> None:
    three.up(three.root / "shop", "--env", "testing").ok()
    shop = three.get("/shop/", host="shop.localhost").json()
    assert shop["config"] == "testing"
    assert shop["variables"] == ["testing", "testing"]
    three.up(three.root / "shop").ok()
    assert three.get("/shop/", host="shop.localhost").json()["config"] == "production"


def test_data_in_the_instance_folder_survives_deploys_and_rollbacks(three: Uncork) -> None:
    def sold() -> object:
        return three.ask("POST", "/shop/counter/sold", b"", host="shop.localhost").json()["sold"]

    first = cast("int", sold())
    three.up(three.root / "shop").ok()
    assert sold() == first + 1
    three.run("rollback", "--app", "shop").ok()
    assert sold() == first + 2


def test_a_deploy_of_one_app_harms_no_other(three: Uncork) -> None:
    with three.load(50, (GET,)) as load:
        three.up(three.root / "plain").ok()
        three.run("restart", "--app", "shop").ok()
    assert not load.result.failures, load.result
    assert list(load.result.releases) == [1]


def test_domains_lead_to_their_app(three: Uncork) -> None:
    with (three.root / "plain" / "uncork.toml").open("a") as config:
        config.write('domains = ["plain.example.com", "*.corks.example"]\n')
    with three.load(50, (GET,)) as load:
        three.up(three.root / "plain").ok()
    assert not load.result.failures, load.result
    for host in ("plain.example.com", "plain.localhost", "red.corks.example"):
        assert " plain |/" in three.get(host=host).text, host
    assert "text one" in three.get(host="example.com").text


def test_a_domain_that_another_app_has_is_refused_before_anything_is_built(three: Uncork) -> None:
    with (three.root / "hello" / "pyproject.toml").open("a") as config:
        config.write('domains = ["plain.example.com"]\n')
    said = three.up(three.root / "hello").ended(2).said
    assert "plain.example.com" in said
    assert "copy the source" not in said


def test_a_change_of_dependencies_makes_another_environment_and_loses_nothing(three: Uncork) -> None:
    hello = three.root / "hello"
    (hello / "pyproject.toml").write_text('[tool.uncork]\nname = "hello"\nprocesses = 2\n')
    with (hello / "requirements.txt").open("a") as requirements:
        requirements.write("six==1.17.0\n")
    rewrite(hello / "app.py", "import time\n", "import time\n\nimport six\n")
    with three.load(50) as load:
        three.up(hello).ok()
        three.run("rollback", "--app", "hello").ok()
    assert not load.result.failures, load.result


@pytest.mark.parametrize("example", ["guestbook", "myflask"])
def test_an_example_serves_as_it_is(example: str) -> None:
    with state() as uncork:
        project = copied(example, uncork.root / example, EXAMPLES)
        before = {p: p.read_bytes() for p in project.rglob("*") if p.is_file()}
        uncork.up(project).ok()
        assert uncork.get().status == 200
        assert {p: p.read_bytes() for p in project.rglob("*") if p.is_file()} == before
        uncork.up(project, "--env", "development").ok()
        assert uncork.get().status == 200


def test_several_candidates_are_named_with_their_lines(uncork: Uncork, hello: Path) -> None:
    (hello / "wsgi.py").write_text("from flask import Flask\n\nuno = Flask(__name__)\ndue = Flask(__name__)\n")
    (hello / "app.py").unlink()
    said = uncork.up(hello).ended(2).said
    assert "wsgi.py:3" in said
    assert "wsgi.py:4" in said
    assert 'app = "wsgi:' in said


def test_a_server_run_by_the_module_itself_is_refused_with_its_line(uncork: Uncork, hello: Path) -> None:
    with (hello / "app.py").open("a") as app:
        app.write("\napp.run(debug=True)\n")
    last = len((hello / "app.py").read_text().splitlines())
    assert f"app.py:{last}" in uncork.up(hello).ended(2).said


def test_an_unknown_key_names_the_nearest_known_one(uncork: Uncork, hello: Path) -> None:
    rewrite(hello / "pyproject.toml", "processes", "proceses")
    said = uncork.up(hello).ended(2).said
    assert "proceses" in said
    assert "processes" in said


def test_lock_writes_the_exact_lock_of_this_project_alone(uncork: Uncork, hello: Path) -> None:
    (hello / "requirements.txt").write_text("flask\n")
    uncork.run("lock", str(hello), "-o", str(uncork.root / "locked.txt")).ok()
    text = (uncork.root / "locked.txt").read_text()
    assert "flask==" in text
    assert "werkzeug==" in text
    assert "--hash=sha256:" in text
    assert "uncork" not in "".join(line for line in text.splitlines() if not line.startswith("#"))


def test_a_file_that_no_python_of_now_can_read_and_nobody_imports_harms_nothing(uncork: Uncork, hello: Path) -> None:
    (hello / "scripts").mkdir()
    (hello / "scripts" / "of_2008.py").write_text("print 'hello'\n")
    uncork.up(hello).ok()


def test_a_path_of_the_shell_s_python_does_not_hide_a_missing_dependency(uncork: Uncork, hello: Path) -> None:
    (uncork.root / "lying_around").mkdir()
    (uncork.root / "lying_around" / "six.py").touch()
    uncork.env["PYTHONPATH"] = str(uncork.root / "lying_around")
    rewrite(hello / "app.py", "import time\n", "import time\n\nimport six\n")
    assert "six" in uncork.up(hello).ended(3).said


def test_uncork_among_the_dependencies_is_what_the_release_brings_itself(uncork: Uncork, hello: Path) -> None:
    with (hello / "requirements.txt").open("a") as requirements:
        requirements.write("uncork==0.0.1\n")
    rewrite(hello / "app.py", "app = Flask(__name__)\n", "app = Flask(__name__)\nUncork(app)\n")
    rewrite(hello / "app.py", "import time\n", "import time\n\nfrom uncork_runtime.flask import Uncork\n")
    assert "asks for uncork, which each release brings itself" in uncork.up(hello).ok().said
    assert uncork.release() == 1
