"""Handlers that hurt in production are found in a project's source, whatever way they are imported."""

import pytest

from uncork.project.handlers import handlers
from uncork.project.modules import Modules


def told(text: str, path: str = "config.py") -> list[str]:
    """The places and the first words of what is told."""
    return [" ".join(sentence.split()[:2]) for sentence in handlers(Modules({path: text}))]


IMPORTED = [
    "from logging.handlers import SMTPHandler\nx = SMTPHandler('localhost', 'a', ['b'], 'c')",
    "from logging.handlers import SMTPHandler as Mailer\nx = Mailer('localhost', 'a', ['b'], 'c')",
    "from logging import handlers\nx = handlers.SMTPHandler()",
    "from logging import handlers as h\nx = h.SMTPHandler()",
    "import logging.handlers\nx = logging.handlers.SMTPHandler()",
    "import logging.handlers as lh\nx = lh.SMTPHandler()",
    "from logging.handlers import *\nx = SMTPHandler()",
    "import logging, logging.handlers\nadd(logging.handlers.SMTPHandler(mailhost=('a', 465)))",
    "from logging.handlers import SMTPHandler\nclass Tls(SMTPHandler): pass",
    "CONFIG = {}\nCONFIG['h'] = {'class': 'logging.handlers.SMTPHandler', 'mailhost': 'localhost'}",
]


@pytest.mark.parametrize("text", IMPORTED)
def test_it_is_found_whatever_way_it_is_imported(text: str) -> None:
    assert told(text) == ["config.py:2: SMTPHandler"]


def test_it_is_found_where_the_tutorial_puts_it() -> None:
    text = """
import os

class Config:
    pass

class ProductionConfig(Config):
    @classmethod
    def init_app(cls, app):
        Config.init_app(app)
        import logging
        from logging.handlers import SMTPHandler
        mail_handler = SMTPHandler(
            mailhost=(cls.MAIL_SERVER, cls.MAIL_PORT),
        )
        app.logger.addHandler(mail_handler)

class TestingConfig(Config):
    @classmethod
    def init_app(cls, app):
        import logging
        app.logger.addHandler(logging.FileHandler("testing.log"))
"""
    assert told(text) == ["config.py:13: SMTPHandler", "config.py:22: FileHandler"]


@pytest.mark.parametrize(
    ("handler", "says", "instead"),
    [
        ("logging.handlers.SMTPHandler()", "blocks the request", "write `server` and `admins` under [mail]"),
        ("logging.handlers.SMTPHandler()", "can't speak to port 465", "MAIL_SERVER and ADMINS in the app's config"),
        ("logging.handlers.RotatingFileHandler('a')", "loses lines", "`rotate_size` and `rotate_age` under [logging]"),
        ("logging.handlers.TimedRotatingFileHandler('a')", "loses lines", "log to the app's logger"),
        ("logging.FileHandler('a')", "uncork does not rotate", "log to the app's logger"),
        ("logging.handlers.WatchedFileHandler('a')", "uncork does not rotate", "log to the app's logger"),
        ("logging.basicConfig(filename='a')", "FileHandler writes a file that", "log to the app's logger"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_write_instead(handler: str, says: str, instead: str) -> None:
    (sentence,) = handlers(Modules({"shop/log.py": f"import logging.handlers\n\nx = {handler}\n"}))
    assert sentence.startswith("shop/log.py:3: ")
    assert says in sentence
    assert instead in sentence


@pytest.mark.parametrize(
    "text",
    [
        "import logging\nlogging.basicConfig(level=logging.INFO)\nx = logging.StreamHandler()",
        "from mine import SMTPHandler\nx = SMTPHandler()",
        "from .handlers import SMTPHandler\nx = SMTPHandler()",
        "from logging.handlers import SMTPHandler  # named, never made",
        "x = 'logging.handlers.SMTPHandler'",
    ],
)
def test_what_is_harmless_or_something_else_is_not_told(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize("path", ["tests/log.py", "test_log.py", "log_test.py", "conftest.py", "shop/tests/log.py"])
def test_tests_may_make_what_they_like(path: str) -> None:
    assert told("import logging\nx = logging.FileHandler('a')", path) == []


def test_a_source_that_is_broken_elsewhere_is_read_for_what_can_be_read() -> None:
    assert told("import logging\nx = logging.FileHandler('a')\ndef broken(:\n    pass\n") == [
        "config.py:2: FileHandler"
    ]
