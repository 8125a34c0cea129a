"""One class an environment; what differs from machine to machine comes from environment variables."""

import os


class Config:
    TITLE = os.environ.get("GUESTBOOK_TITLE", "Guestbook")
    # A relative SQLite path lies in the instance folder, which outlives releases.
    SQLALCHEMY_DATABASE_URI = os.environ.get("DATABASE_URL", "sqlite:///guestbook.db")
    MAX_CONTENT_LENGTH = 64 * 1024


class Development(Config):
    SQLALCHEMY_DATABASE_URI = os.environ.get("DATABASE_URL", "sqlite:///development.db")


class Testing(Config):
    TESTING = True
    SQLALCHEMY_DATABASE_URI = "sqlite://"


class Production(Config):
    pass


CONFIGS = {"development": Development, "testing": Testing, "production": Production}
