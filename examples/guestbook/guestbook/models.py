"""What visitors wrote, and how it is kept."""

from datetime import datetime, timezone

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.schema import CreateTable


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)


def now():
    return datetime.now(timezone.utc)


class Entry(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    message: Mapped[str]
    written: Mapped[datetime] = mapped_column(default=now)


def create_tables():
    """Make the tables that aren't there.

    In production several workers start at once: `db.create_all()` first looks and then creates, so that one of them
    could fail. `IF NOT EXISTS` looks and creates in one statement.
    """
    with db.engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))
