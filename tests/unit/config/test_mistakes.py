"""What the config says of each mistake: its place, what is wrong, and what to write instead."""

import pytest

from uncork.config import load
from uncork.errors import ExitCode, UsageError

TIME = 'it must be a time such as "30s", "1m30s" or "500ms"'
SIZE = 'it must be a size such as "512M" or "2G"'
HOST = "each must be a host name alone, without scheme, port or path"
NAME = "it must be a small letter, then at most 39 of a-z, 0-9 and `-`"
MOUNT = 'it must be a path such as "/shop", of letters, digits and `. _ ~ -`'
HEALTH = "it must be a path that begins with `/`, of visible ASCII characters"
IMPORT = "it must be a module, then a colon and what to take from it"
UNSEEN = "which holds a character that can't be seen"
FOR_HOST = 'write, for example, "shop.example.com"'
ADDRESS = 'it must be an IP address, such as "127.0.0.1", or "0.0.0.0" for all of them'
COMMAND = 'it must be a command, such as "flask db upgrade" or ["flask", "db", "upgrade"]'

MISTAKES = [
    ("proceses = 3", "`proceses` is no key of the top of uncork.toml", "write `processes`"),
    ("enviroments = 3", "`enviroments` is no key of the top of uncork.toml", "write `environments`"),
    ('name = "My_App"', f"`name` is 'My_App', but {NAME}", 'write "my-app"'),
    ('name = ""', f"`name` is '', but {NAME}", 'write "guestbook"'),
    ('name = "shop;"', f"`name` is 'shop;', but {NAME}", 'write "guestbook"'),
    ('name = "a\\nb"', f"`name` is 'a\\nb', {UNSEEN}", "take it out"),
    ('name = "a\\u0000"', f"`name` is 'a\\x00', {UNSEEN}", "take it out"),
    ("name = 3", f"`name` is 3, but {NAME}", 'write it in quotes: "guestbook"'),
    ('app = "a b:c"', f"`app` is 'a b:c', but {IMPORT}", 'write, for example, "guestbook:create_app()"'),
    ('app = "a:b\\n"', f"`app` is 'a:b\\n', {UNSEEN}", "take it out"),
    (
        'environment_variable = "A-B"',
        "`environment_variable` is 'A-B', but it must be the name of an environment variable",
        'write, for example, "MY_FLASK_ENV"',
    ),
    (
        'environment_variable = "FLASK_DEBUG"',
        "`environment_variable` is FLASK_DEBUG, which uncork sets by itself",
        'name another, such as "MY_FLASK_ENV"',
    ),
    (
        'server = "gunicor"',
        '`server` is \'gunicor\', but it must be "uwsgi" or "gunicorn" or "granian" or "waitress" or "mod_wsgi"',
        'write "gunicorn"',
    ),
    ("processes = 0", "`processes` is 0, but it must be a whole number from 1 to 1024", "write 1"),
    ('processes = "2"', "`processes` is '2', but it must be a whole number from 1 to 1024", "write a number: 2"),
    ("threads = true", "`threads` is true, but it must be a whole number from 1 to 1024", "write a number: 1"),
    ("port = 65536", "`port` is 65536, but it must be a whole number from 1 to 65535", "write 65535"),
    ("port = 0", "`port` is 0, but it must be a whole number from 1 to 65535", "write 1"),
    ("keep_releases = 0", "`keep_releases` is 0, but it must be a whole number from 1 to 1000", "write 1"),
    ('worker_memory = "12X"', f"`worker_memory` is '12X', but {SIZE}", 'write, for example, "512M"'),
    (
        'worker_memory = "1M"',
        "`worker_memory` is '1M', but it must be at least 16M and below 1024 P",
        'write "16M" or more',
    ),
    ('drain = "30 seconds"', f"`drain` is '30 seconds', but {TIME}", 'write, for example, "30s"'),
    ('drain = ""', f"`drain` is '', but {TIME}", 'write, for example, "30s"'),
    ("drain = nan", "`drain` is nan, but it must be from 0s to 24h", 'write "24h" or less'),
    ("drain = -1", "`drain` is -1, but it must be from 0s to 24h", 'write "0s" or more'),
    ('boot_deadline = "0s"', "`boot_deadline` is '0s', but it must be from 0.1s to 24h", 'write "0.1s" or more'),
    ('request_timeout = "25h"', "`request_timeout` is '25h', but it must be from 1s to 24h", 'write "24h" or less'),
    ('mount = "/shop/"', f"`mount` is '/shop/', but {MOUNT}", 'write "/shop"'),
    ('mount = "shop"', f"`mount` is 'shop', but {MOUNT}", 'write "/shop"'),
    ('mount = "/a/../b"', f"`mount` is '/a/../b', but {MOUNT}", 'write, for example, "/shop"'),
    ('mount = "/$(id)"', f"`mount` is '/$(id)', but {MOUNT}", 'write, for example, "/shop"'),
    ('mount = "/a;b"', f"`mount` is '/a;b', but {MOUNT}", 'write, for example, "/shop"'),
    ('mount = ""', f"`mount` is '', but {MOUNT}", 'write, for example, "/shop"'),
    ('health = "healthz"', f"`health` is 'healthz', but {HEALTH}", 'write, for example, "/healthz"'),
    ('health = "/a b"', f"`health` is '/a b', but {HEALTH}", 'write, for example, "/healthz"'),
    ('health = "/é"', f"`health` is '/\\xe9', but {HEALTH}", 'write, for example, "/healthz"'),
    ('health = "/a\\r\\nHost: b"', f"`health` is '/a\\r\\nHost: b', {UNSEEN}", "take it out"),
    ('static = "yes"', "`static` is 'yes', but it must be true or false", "write true or false, without quotes"),
    ('bind = "localhost"', f"`bind` is 'localhost', but {ADDRESS}", 'write "127.0.0.1" or "0.0.0.0"'),
    ('bind = "fe80::1%a;b"', f"`bind` is 'fe80::1%a;b', but {ADDRESS}", 'write "127.0.0.1" or "0.0.0.0"'),
    (
        'domains = "a.b"',
        "`domains` is 'a.b', but it must be a list of host names",
        'write, for example, ["shop.example.com"]',
    ),
    ('domains = ["http://a.b"]', f"`domains` holds 'http://a.b', but {HOST}", FOR_HOST),
    ('domains = ["a.b:80"]', f"`domains` holds 'a.b:80', but {HOST}", FOR_HOST),
    ('domains = ["a;b{"]', f"`domains` holds 'a;b{{', but {HOST}", FOR_HOST),
    ('domains = ["a.*.b"]', f"`domains` holds 'a.*.b', but {HOST}", FOR_HOST),
    ('domains = ["*."]', f"`domains` holds '*.', but {HOST}", FOR_HOST),
    ('domains = ["a..b"]', f"`domains` holds 'a..b', but {HOST}", FOR_HOST),
    ('domains = ["~^a"]', f"`domains` holds '~^a', but {HOST}", FOR_HOST),
    ('domains = ["@(exec://id)"]', f"`domains` holds '@(exec://id)', but {HOST}", FOR_HOST),
    ("domains = [3]", f"`domains` is 3, but it must be {HOST[13:]}", 'write it in quotes: "shop.example.com"'),
    ("release_command = 3", f"`release_command` is 3, but {COMMAND}", 'write, for example, "flask db upgrade"'),
    ("release_command = []", f"`release_command` is empty, but {COMMAND}", "take it out, or name a command"),
    (
        'release_command = "flask \'db"',
        '`release_command` is "flask \'db", which is no command: No closing quotation',
        'close the quote, or write a list: ["flask", "db", "upgrade"]',
    ),
    (
        'release_command = ["a", "b\\u0000"]',
        "`release_command` is ['a', 'b\\x00'], which holds a NUL",
        "take it out",
    ),
    ("environments = 3", "`environments` is no table", "write [environments.production], and the keys under it"),
    (
        "environments.production = 3",
        "`environments.production` is no table",
        "write [environments.production], and the keys under it",
    ),
    (
        'environments."a;b" = {}',
        "the environment's name is 'a;b', but it must be a letter, then at most 39 of letters, digits, `_` and `-`",
        'write, for example, "staging"',
    ),
    (
        "environments.testing.drian = 3",
        "`drian` is no key of [environments.testing]",
        "write `drain`",
    ),
    ("x = = 3", "this is not TOML: Invalid value", "correct that line"),
    ('x = """', "this is not TOML: Unterminated string", "correct that line"),
]


def refusal(texts: dict[str, str], environment: str = "production", folder: str = "shop") -> UsageError:
    with pytest.raises(UsageError) as caught:
        load(texts, environment, folder)
    return caught.value


@pytest.mark.parametrize(("line", "problem", "fix"), MISTAKES, ids=[line for line, _, _ in MISTAKES])
def test_a_mistake_is_told_with_its_place_and_what_to_write(line: str, problem: str, fix: str) -> None:
    error = refusal({"uncork.toml": f"# the shop\n\n{line}\n"})

    assert (error.problem, error.fix, error.code) == (f"uncork.toml:3: {problem}", fix, ExitCode.USAGE)


def test_an_unknown_key_that_is_near_to_none_brings_all_keys() -> None:
    error = refusal({"uncork.toml": "zzzz = 1"})

    assert error.fix.startswith("take it out; the keys are app, bind, boot_deadline, cache, domains, drain, env")


def test_a_key_without_a_name_is_told_as_one() -> None:
    assert refusal({"uncork.toml": '"" = 1'}).problem == "uncork.toml:1: `''` is no key of the top of uncork.toml"


def test_all_mistakes_are_told_at_once() -> None:
    text = """
[project]
name = "shop"
[tool.uncork]
proceses = 3
domains = [
  "shop.example.com",
  "http://shop",
]
[tool.uncork.environments.testing]
drain = "soon"
"""

    error = refusal({"pyproject.toml": text}, environment="testin")

    assert error.problem == (
        "the config has 4 mistakes:\n"
        "  pyproject.toml:5: `proceses` is no key of [tool.uncork]\n"
        "    write `processes`\n"
        f"  pyproject.toml:6: `domains` holds 'http://shop', but {HOST}\n"
        f"    {FOR_HOST}\n"
        f"  pyproject.toml:11: `drain` is 'soon', but {TIME}\n"
        '    write, for example, "30s"\n'
        "  there is no environment `testin`\n"
        "    take `testing`, or write [tool.uncork.environments.testin] in pyproject.toml"
    )
    assert error.fix == "correct each as it says"


def test_two_places_for_the_config_are_refused() -> None:
    error = refusal({"uncork.toml": "", "pyproject.toml": "\n[tool.uncork]\n"})

    assert error.problem == "pyproject.toml:2: the config is here and in uncork.toml too"


def test_a_config_that_is_no_table_is_refused() -> None:
    error = refusal({"pyproject.toml": "[tool]\nuncork = 3\n"})

    assert error.problem == "pyproject.toml:2: `uncork` is no table"


def test_a_folder_whose_name_makes_no_app_name_is_refused() -> None:
    error = refusal({}, folder="3 läden")

    assert error.problem == "the project's folder is named '3 l\\xe4den', which makes no name for an app"


@pytest.mark.parametrize(
    ("file", "folder", "fix"),
    [
        ("pyproject.toml", "3 läden", "set `name` under [tool.uncork] in pyproject.toml"),
        ("uncork.toml", "3 läden", "set `name` at the top of uncork.toml"),
    ],
)
def test_a_fix_names_the_file_and_the_table_that_the_project_has(file: str, folder: str, fix: str) -> None:
    assert refusal({file: ""}, folder=folder).fix.startswith(fix)


@pytest.mark.parametrize(
    ("file", "text", "header"),
    [
        ("pyproject.toml", "[tool.uncork.front]\npaths = 3", "[[tool.uncork.front.paths]]"),
        ("uncork.toml", "[front]\npaths = 3", "[[front.paths]]"),
        ("uncork.toml", "[environments.testing.front]\npaths = [3]", "[[environments.testing.front.paths]]"),
    ],
)
def test_what_is_no_list_of_tables_is_told_the_header_that_one_has_there(file: str, text: str, header: str) -> None:
    assert refusal({file: text}).fix.startswith(f"write {header}")


def test_a_project_whose_name_makes_no_app_name_is_refused() -> None:
    error = refusal({"pyproject.toml": f'[project]\nname = "{"a" * 41}"'})

    assert error.problem == f"the project in pyproject.toml is named '{'a' * 41}', which makes no name for an app"


@pytest.mark.parametrize("environment", ["a b", "", "x;y", "a\nb", "$(id)", "x" * 41])
def test_an_environment_that_could_not_be_named_is_refused(environment: str) -> None:
    assert refusal({}, environment).problem.startswith("the environment's name is")


def test_a_text_that_is_nested_too_deep_is_refused() -> None:
    error = refusal({"uncork.toml": "x = " + "[" * 20_000})

    assert error.problem.startswith("uncork.toml:1: this is not TOML: ")


def test_a_number_of_too_many_digits_is_refused() -> None:
    assert refusal({"uncork.toml": "port = " + "9" * 5000}).problem.startswith("uncork.toml:1: this is not TOML: ")
