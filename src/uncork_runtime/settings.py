"""What a release's processes know of logging: what is in its logging.json, or the defaults of an environment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple, Optional

MEBIBYTE: Final = 1024**2


class Settings(NamedTuple):
    """Where records go, from which level on, and how they look.

    `to` is `file` or `console`; `format` is `text`, `json` or a format string; `dict_config`, if there is one, takes
    the place of all that. `spool` is where errors from `mail_level` on are left for the agent (None: nowhere), no more
    than `spool_size` bytes of them; `dropped` counts the others. `release` is 0 where nothing was deployed.
    """

    app: str = "app"
    environment: str = "development"
    release: int = 0
    to: str = "console"
    file: str = ""
    level: str = "INFO"
    levels: Mapping[str, str] = MappingProxyType({})
    format: str = "text"
    dict_config: Optional[dict[str, object]] = None
    spool: Optional[str] = None
    spool_size: int = 16 * MEBIBYTE
    dropped: str = ""
    mail_level: str = "ERROR"


def read(path: str) -> Settings:
    """The settings in a release's logging.json; raises OSError, and ValueError for what is no such file."""
    with open(path, encoding="utf-8") as file:
        found = json.load(file)
    try:
        return Settings(**found)
    except TypeError:
        raise ValueError(f"{path} holds no settings of logging") from None


def for_environment(environment: str, **overrides: object) -> Settings:
    """The defaults of an environment, with other values for the fields that are named; TypeError for no such field.

    development: DEBUG and up, on the console. Any other: INFO and up, in logs/app.log. Errors reach a spool only where
    one is named.
    """
    console = environment == "development"
    chosen: dict[str, object] = {
        "environment": environment,
        "to": "console" if console else "file",
        "level": "DEBUG" if console else "INFO",
        "file": os.path.abspath(os.path.join("logs", "app.log")),
    }
    return Settings(**{**chosen, **overrides})  # type: ignore[arg-type] # as wide as what the caller gave
