"""What the config says when it is right."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncork.config import Config, keys, load
from uncork.config.text import line_of
from uncork.errors import UsageError

RIGHT = [
    ("app = \"shop.web:create_app('production')\"", "app", "shop.web:create_app('production')"),
    ('app = "shop"', "app", "shop"),
    ('environment_variable = "MY_FLASK_ENV"', "environment_variable", "MY_FLASK_ENV"),
    ('drain = "1h1m1.5s"', "drain", 3661.5),
    ('drain = "500ms"', "drain", 0.5),
    ("drain = 3", "drain", 3.0),
    ("drain = 0.25", "drain", 0.25),
    ('worker_memory = "512M"', "worker_memory", 512 * 1024**2),
    ('worker_memory = "2G"', "worker_memory", 2 * 1024**3),
    ('worker_memory = "100000k"', "worker_memory", 100_000 * 1024),
    ('worker_memory = "64MiB"', "worker_memory", 64 * 1024**2),
    ("worker_memory = 99999999", "worker_memory", 99_999_999),
    (
        'domains = ["Shop.example.com", "*.example.com", "shop.example.com"]',
        "domains",
        ("shop.example.com", "*.example.com"),
    ),
    ('domains = ["bücher.example"]', "domains", ("xn--bcher-kva.example",)),
    ('mount = "/a.b/c~d"', "mount", "/a.b/c~d"),
    ('mount = "/"', "mount", "/"),
    ('bind = "::"', "bind", "::"),
    ('health = "/up?full=1"', "health", "/up?full=1"),
    ("release_command = \"flask db 'up grade'\"", "release_command", ("flask", "db", "up grade")),
    ('release_command = ["python", "-c", "a\\nb"]', "release_command", ("python", "-c", "a\nb")),
]


@pytest.mark.parametrize(("line", "key", "value"), RIGHT, ids=[line for line, _, _ in RIGHT])
def test_a_right_value_is_read(line: str, key: str, value: object) -> None:
    assert getattr(load({"uncork.toml": line}, "production", "shop"), key) == value


def test_nothing_said_gives_the_defaults() -> None:
    assert load({}, "production", "shop") == Config(name="shop")


def test_an_environments_own_values_lie_over_the_rest() -> None:
    text = "[tool.uncork]\nport = 1\nthreads = 2\n[tool.uncork.environments.testing]\nthreads = 3\n"

    testing = load({"pyproject.toml": text}, "testing", "shop")
    assert (testing.environment, testing.port, testing.threads) == ("testing", 1, 3)
    assert load({"pyproject.toml": text}, "production", "shop") == Config("shop", port=1, threads=2)


def test_an_environment_may_name_the_app_anew() -> None:
    text = 'name = "shop"\n[environments.testing]\nname = "shop-testing"\n'

    assert load({"uncork.toml": text}, "testing", "x").name == "shop-testing"


def test_an_environment_of_ones_own_needs_its_table() -> None:
    assert load({"uncork.toml": "[environments.staging]\n"}, "staging", "shop").environment == "staging"
    with pytest.raises(UsageError, match="there is no environment `staging`"):
        load({}, "staging", "shop")


def test_the_name_is_the_configs_then_the_projects_then_the_folders() -> None:
    project = '[project]\nname = "Book_Shop.web"\n'

    assert load({"pyproject.toml": project + '[tool.uncork]\nname = "mine"'}, "production", "x").name == "mine"
    assert load({"pyproject.toml": project, "uncork.toml": "port = 1"}, "production", "x").name == "book-shop-web"
    assert load({}, "production", "My Shop_2").name == "my-shop-2"


def test_the_servers_that_there_are_may_be_chosen() -> None:
    text = {"uncork.toml": 'server = "granian"'}

    assert load(text, "production", "shop").server.kind == "granian"


def test_a_byte_order_mark_and_windows_line_ends_are_no_matter() -> None:
    assert load({"uncork.toml": '\ufeffname = "shop"\r\nport = 1\r\n'}, "production", "x") == Config("shop", port=1)


def test_every_key_says_what_it_is_and_its_example_is_right() -> None:
    for key in keys():
        assert key.doc.endswith(".")
        load({"uncork.toml": f"{key.name} = {key.example}"}, "production", "shop")


LINES = st.lists(
    st.sampled_from(["", "# port", 'a = "port = 1"', 'b = """\nport = 2\n"""', "c = [\n 'port',\n]", 'x."port" = 3']),
    unique=True,
)


@given(LINES)
def test_a_line_is_found_whatever_looks_like_it_before(before: list[str]) -> None:
    text = "\n".join([*before, "port = 9"])

    assert line_of(text, ("port",)) == text.count("\n") + 1


TEXT_KEYS = ("name", "app", "environment_variable", "mount", "health", "bind", "server")


@given(st.sampled_from(TEXT_KEYS), st.text(max_size=200))
def test_no_text_reaches_the_config_with_a_line_end_or_a_nul(key: str, value: str) -> None:
    quoted = json.dumps(value.encode("utf-8", "replace").decode())
    try:
        config = load({"uncork.toml": f"{key} = {quoted}"}, "production", "shop")
    except UsageError:
        return
    assert str(getattr(config, key)).isprintable()
