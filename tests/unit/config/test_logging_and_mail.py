"""What the config says of logs and mails: the tables `[logging]` and `[mail]`, and an environment's own over them."""

import json

import pytest

from uncork.config import TABLES, Config, load
from uncork.config.keys import NOTHING
from uncork.errors import UsageError
from uncork.notices import Logging, Mail

# A certificate and its key need each other; what stands in a list of tables needs the key that names it.
ALONE = [key for keys in TABLES.values() for key in keys if key.name not in {"cert", "key"}]
EVERY = [(table, key) for table, keys in TABLES.items() for key in keys if key in ALONE and "." not in table]
IDS = [f"{table}.{key.name}" for table, key in EVERY]


def config(text: str, environment: str = "production") -> Config:
    return load({"uncork.toml": text}, environment, "shop")


def refusal(text: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        config(text)
    return caught.value


def test_nothing_said_logs_to_a_file_and_mails_errors() -> None:
    assert config("").logging == Logging(level="INFO", to="file")
    assert config("").mail.level == "ERROR"


def test_nothing_said_in_development_is_all_on_the_console_and_mails_nothing() -> None:
    development = config("", "development")
    assert (development.logging.level, development.logging.to) == ("DEBUG", "console")
    assert (development.mail.level, development.mail.report) == ("", "")


def test_nothing_said_in_testing_is_a_file_and_mails_nothing() -> None:
    testing = config("", "testing")
    assert (testing.logging.level, testing.logging.to) == ("INFO", "file")
    assert (testing.mail.level, testing.mail.report) == ("", "")


def test_an_environment_of_ones_own_is_as_production() -> None:
    staging = config("[environments.staging]", "staging")
    assert (staging.logging, staging.mail) == (Logging(), Mail())


def test_an_environments_table_lies_over_the_one_that_holds_always_key_by_key() -> None:
    text = """
[logging]
level = "WARNING"
keep = 30
levels = { "sqlalchemy.engine" = "ERROR", werkzeug = "ERROR" }
[environments.testing.logging]
level = "DEBUG"
levels = { werkzeug = "INFO" }
[environments.testing.mail]
level = "CRITICAL"
"""
    testing = config(text, "testing")
    assert (testing.logging.level, testing.logging.keep) == ("DEBUG", 30)
    assert testing.logging.levels == (("sqlalchemy.engine", "ERROR"), ("werkzeug", "INFO"))
    assert testing.mail.level == "CRITICAL"
    production = config(text)
    assert production.logging.level == "WARNING"
    assert production.logging.levels == (("sqlalchemy.engine", "ERROR"), ("werkzeug", "ERROR"))
    assert production.mail.level == "ERROR"


def test_the_tables_stand_in_pyproject_toml_too() -> None:
    text = "[tool.uncork.logging]\nformat = 'json'\n[tool.uncork.environments.testing.mail]\nlevel = 'ERROR'\n"
    testing = load({"pyproject.toml": text}, "testing", "shop")
    assert (testing.logging.format, testing.mail.level) == ("json", "ERROR")


def test_loggers_may_be_named_without_quotes() -> None:
    assert config('[logging.levels]\nsqlalchemy.engine = "INFO"\nshop = "DEBUG"').logging.levels == (
        ("sqlalchemy.engine", "INFO"),
        ("shop", "DEBUG"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "%(asctime)s %(levelname)-8s [%(request_id)s] %(user)s %(release)s %(lineno)d %(message)s",
        "{asctime} {levelname:<8} [{request_id}] {user} {release} {lineno:d} {message}",
    ],
)
def test_a_format_string_may_name_what_uncork_adds_to_a_record(text: str) -> None:
    assert config(f'logging.format = "{text}"').logging.format == text


def test_a_whole_configuration_is_kept_as_it_was_written() -> None:
    text = '[logging.dict_config]\nversion = 1\n[logging.dict_config.root]\nlevel = "INFO"\nhandlers = ["a"]'
    logging = config(text).logging
    assert json.loads(logging.dict_config) == {"version": 1, "root": {"level": "INFO", "handlers": ["a"]}}


def test_an_environments_whole_configuration_stands_in_place_of_what_holds_always() -> None:
    text = '[logging]\nlevel = "DEBUG"\nkeep = 3\n[environments.production.logging]\ndict_config = { version = 1 }'
    assert config(text).logging == Logging(dict_config='{"version": 1}', keep=3)
    back = '[logging]\ndict_config = { version = 1 }\n[environments.production.logging]\nlevel = "DEBUG"'
    assert config(back).logging == Logging(level="DEBUG")


def test_sizes_times_and_switches_are_read() -> None:
    text = 'rotate_size = "10M"\nrotate_age = "7d"\nkeep = 3\ncompress = false'
    assert config(f"[logging]\n{text}").logging == Logging(
        rotate_size=10 * 1024**2, rotate_age=7 * 86400.0, keep=3, compress=False
    )


def test_mail_is_read_as_flask_users_name_it() -> None:
    text = """
[mail]
server = "smtp.example.com"
port = 587
username = "shop@example.com"
use_tls = true
default_sender = "The Shop <shop@example.com>"
admins = ["admin@example.com", "root@localhost", "admin@example.com"]
subject_prefix = "[shop] "
level = "CRITICAL"
digest_after = "5m"
digest_every = "6h"
most = 3
report = "7:30"
webhook = "https://hooks.example.com/errors?to=all"
"""
    assert config(text).mail == Mail(
        server="smtp.example.com",
        port=587,
        username="shop@example.com",
        use_tls=True,
        default_sender="The Shop <shop@example.com>",
        admins=("admin@example.com", "root@localhost"),
        subject_prefix="[shop] ",
        level="CRITICAL",
        digest_after=300.0,
        digest_every=21600.0,
        most=3,
        report="07:30",
        webhook="https://hooks.example.com/errors?to=all",
    )


def test_mail_and_report_can_be_turned_off() -> None:
    mail = config('[mail]\nlevel = "off"\nreport = "off"').mail
    assert (mail.level, mail.report) == ("", "")


def beside(table: str, key: object) -> str:
    """What must be said elsewhere for that key to mean anything."""
    return 'environments.x.tls = "acme"\n' if table == "tls" and key.name != "kind" else ""  # type: ignore[attr-defined]


@pytest.mark.parametrize(("table", "key"), EVERY, ids=IDS)
def test_every_key_says_what_it_is_and_its_example_is_right(table: str, key: object) -> None:
    assert key.doc.endswith(".")  # type: ignore[attr-defined]
    config(f"{beside(table, key)}[{table}]\n{key.name} = {key.example}")  # type: ignore[attr-defined]


@pytest.mark.parametrize("environment", ["development", "testing", "production"])
@pytest.mark.parametrize(("table", "key"), EVERY, ids=IDS)
def test_the_default_that_the_reference_names_is_what_holds(table: str, key: object, environment: str) -> None:
    written = dict(key.defaults).get(environment, key.default)  # type: ignore[attr-defined]
    if written != NOTHING:
        said = config(f"{beside(table, key)}[{table}]\n{key.name} = {written}", environment)  # type: ignore[attr-defined]
        assert getattr(said, table) == getattr(config("", environment), table)


MISTAKES = [
    ("logging = 3", "`logging` is no table", "write [logging], and the keys under it"),
    ('logging.levl = "INFO"', "`levl` is no key of [logging]", "write `level`"),
    (
        'logging.level = "info"',
        '`level` is \'info\', but it must be "DEBUG" or "INFO" or "WARNING" or "ERROR" or "CRITICAL"',
        'write "INFO"',
    ),
    ('logging.levels.shop.web = "WARN"', "`levels.shop.web` is 'WARN', but it must be", 'write "WARNING"'),
    ("logging.levels = 3", "`levels` is 3, but it must be a table of loggers", 'write, for example, { "sqlalchemy'),
    ('logging.to = "stdout"', "`to` is 'stdout', but it must be", 'write "file" or "console"'),
    ('logging.format = "jsn"', "`format` is 'jsn', but it must be", 'write "json"'),
    ('logging.format = "plain"', "`format` is 'plain', but it must be", 'write, for example, "%(asctime)s'),
    ('logging.format = "%(levlname)s"', "`format` names 'levlname', which no record has", "write %(levelname)s"),
    ('logging.format = "%(zzzz)s"', "`format` names 'zzzz', which no record has", "the names are asctime, client,"),
    ('logging.format = "%(message)d"', "`format` is '%(message)d', which is no format string: ", "write, for example"),
    ('logging.format = "%(message)"', "`format` is '%(message)', which is no format string: ", "write, for example"),
    ('logging.format = "{levlname}"', "`format` names 'levlname', which no record has", "write {levelname}"),
    ('logging.format = "{message} {"', "`format` is '{message} {', which is no format string: ", "write, for example"),
    ("logging.format = 3", "`format` is 3, but it must be", 'write "text" or "json"'),
    ("logging.dict_config = 3", "`dict_config` is 3, but it must be a table", "write [logging.dict_config]"),
    ("logging.dict_config = {}", "`dict_config` is no configuration of logging's: its version is", "write version = 1"),
    (
        "logging.dict_config = { version = 1, x = 07:00:00 }",
        "`dict_config` holds a date, a time, or",
        "write it in quo",
    ),
    (
        'logging = { dict_config = { version = 1 }, level = "INFO", to = "file" }',
        "`dict_config` is the whole configuration, so `level` and `to` beside it would say nothing",
        "take `level` and `to` out, or `dict_config`",
    ),
    ('logging.rotate_size = "1k"', "`rotate_size` is '1k', but it must be at least 4k", 'write "4k" or more'),
    (
        'logging.rotate_age = "weekly"',
        "`rotate_age` is 'weekly', but it must be a time such as",
        'write, for example, "7d"',
    ),
    ('logging.rotate_age = "999d"', "`rotate_age` is '999d', but it must be from 1s to 366d", 'write "366d" or less'),
    ("logging.keep = 0", "`keep` is 0, but it must be a whole number from 1 to 10000", "write 1"),
    ('logging.compress = "gzip"', "`compress` is 'gzip', but it must be true or false", "write true or false, without"),
    ('mail.sever = "a"', "`sever` is no key of [mail]", "write `server`"),
    ('mail.MAIL_SERVER = "a"', "`MAIL_SERVER` is no key of [mail]", "write `server`"),
    (
        'mail.password = "secret"',
        "`password` in [mail]: a password doesn't belong in a file that is committed",
        "take it out, and tell uncork alone: uncork config set MAIL_PASSWORD=...",
    ),
    (
        'environments.production.mail.MAIL_PASSWORD = "secret"',
        "`MAIL_PASSWORD` in [environments.production.mail]: a password doesn't belong in a file that is committed",
        "take it out, and tell uncork alone: uncork config set MAIL_PASSWORD=...",
    ),
    (
        'mail.server = "smtp.example.com:587"',
        "`server` is 'smtp.example.com:587', but it must be the name or the IP address of a mail server alone",
        'write server = "smtp.example.com" and port = 587',
    ),
    ('mail.server = "a b"', "`server` is 'a b', but it must be the name", 'write, for example, "smtp.example.com"'),
    ('mail.server = ""', "`server` is '', but it must be the name", 'write, for example, "smtp.example.com"'),
    ('mail.port = "587"', "`port` is '587', but it must be a whole number from 1 to 65535", "write a number: 587"),
    (
        "mail = { use_tls = true, use_ssl = true }",
        "`use_tls` and `use_ssl` can't both be true: TLS begins with the connection (`use_ssl`, port 465), or on it",
        "keep the one that the mail server speaks",
    ),
    (
        "mail = { use_tls = true, port = 465 }",
        "`use_tls` is STARTTLS, which port 465 does not speak",
        "write `use_ssl = true` in its place",
    ),
    (
        'mail.admins = "admin@example.com"',
        "`admins` is 'admin@example.com', but it must be a list of addresses",
        'write ["admin@example.com"]',
    ),
    (
        "mail.admins = 3",
        "`admins` is 3, but it must be a list of addresses",
        'write, for example, ["admin@example.com"]',
    ),
    (
        'mail.admins = ["a@example.com", "Ada <ada@example.com>"]',
        "`admins` holds 'Ada <ada@example.com>', but each must be a mail address alone",
        'write "ada@example.com"',
    ),
    ('mail.admins = ["admin"]', "`admins` holds 'admin', but each must be", 'write "admin@example.com"'),
    ('mail.admins = ["a@b\\nBcc: c@d"]', "`admins` is 'a@b\\nBcc: c@d', which holds a character", "take it out"),
    ('mail.default_sender = "The Shop"', "`default_sender` is 'The Shop', but it must be", "write, for example"),
    ("mail.username = 3", "`username` is 3, but it must be a user's name", "write it in quotes"),
    ('mail.subject_prefix = "a\\nBcc: b@c"', "`subject_prefix` is 'a\\nBcc: b@c', which holds a char", "take it out"),
    ('mail.level = "none"', "`level` is 'none', but it must be", 'write "DEBUG" or'),
    ('mail.digest_after = "0s"', "`digest_after` is '0s', but it must be from 1s to 7d", 'write "1s" or more'),
    ('mail.report = "25:00"', "`report` is '25:00', but it must be a time of day", 'write, for example, "07:00"'),
    ("mail.report = 07:00:00", "`report` is 07:00:00, but it must be a time of day", 'write, for example, "07:00"'),
    ('mail.webhook = "hooks"', "`webhook` is 'hooks', but it must be a URL", 'write, for example, "https://'),
    (
        'mail.webhook = "https://me:secret@hooks.example.com/"',
        "`webhook` holds a user or a password, which don't belong in a file that is committed",
        "take `webhook` out, and tell uncork the whole URL: uncork config set WEBHOOK_URL=...",
    ),
]


@pytest.mark.parametrize(("line", "problem", "fix"), MISTAKES, ids=[line for line, _, _ in MISTAKES])
def test_a_mistake_is_told_with_its_place_and_what_to_write(line: str, problem: str, fix: str) -> None:
    error = refusal(f"# the shop\n\n{line}\n")
    assert error.problem.startswith(f"uncork.toml:3: {problem}")
    assert error.fix.startswith(fix)
    assert "secret" not in f"{error.problem} {error.fix}".replace("secret URL", "")


def test_what_an_environment_adds_to_a_contradiction_is_told_where_it_stands() -> None:
    text = "[mail]\nuse_tls = true\n[environments.testing.mail]\nport = 25\nuse_ssl = true\n"
    assert refusal(text).problem.startswith("uncork.toml:5: `use_tls` and `use_ssl` can't both be true")


def test_an_environment_may_take_back_what_would_contradict_it() -> None:
    text = "[mail]\nuse_tls = true\n[environments.testing.mail]\nuse_tls = false\nuse_ssl = true\n"
    mail = config(text, "testing").mail
    assert (mail.use_tls, mail.use_ssl) == (False, True)


def test_mistakes_in_both_tables_are_told_at_once_with_their_lines() -> None:
    text = """
[logging]
level = "LOUD"
[logging.levels]
shop = "QUIET"
[mail]
admins = "me"
password = "x"
[environments.testing.logging]
format = "xml"
"""
    problem = refusal(text).problem
    assert problem.startswith("the config has 5 mistakes:")
    for line in (3, 5, 7, 8, 10):
        assert f"uncork.toml:{line}: " in problem
