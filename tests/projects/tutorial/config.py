"""Configuration as the tutorials write it: one class an environment, each with handlers of its own."""

import logging
import os
from logging.handlers import SMTPHandler

from flask import Flask


class Config:
    """What holds everywhere."""

    MAIL_SERVER = os.environ.get("MAIL_SERVER", "127.0.0.1")
    MAIL_PORT = int(os.environ.get("MAIL_PORT", "25"))
    ADMINS = ("admin@example.com",)

    @staticmethod
    def init_app(app: Flask) -> None:
        """Nothing to set up."""


class TestingConfig(Config):
    """Errors are read in a file."""

    TESTING = True

    @classmethod
    def init_app(cls, app: Flask) -> None:
        """Log to a file."""
        handler = logging.FileHandler("testing.log")
        handler.setLevel(logging.INFO)
        app.logger.addHandler(handler)


class ProductionConfig(Config):
    """Errors are mailed."""

    @classmethod
    def init_app(cls, app: Flask) -> None:
        """Mail errors to the admins."""
        handler = SMTPHandler(
            mailhost=(cls.MAIL_SERVER, cls.MAIL_PORT),
            fromaddr="blog@example.com",
            toaddrs=list(cls.ADMINS),
            subject="Blog failure",
            timeout=2.0,
        )
        handler.setLevel(logging.ERROR)
        app.logger.addHandler(handler)


config = {"development": Config, "testing": TestingConfig, "production": ProductionConfig}
