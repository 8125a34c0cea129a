"""What a release's workers are told of logging: what they log, how, where, and where errors are left for the agent."""

import json
from typing import Final

from uncork.app_layout import AppLayout
from uncork.config import Config

SPOOL_SIZE: Final = 16 * 1024**2
"""How many bytes of errors may wait for the agent; what is past that is counted, and dropped."""


def logging_json(config: Config, release: int, layout: AppLayout) -> str:
    """Return the text of a release's logging.json, which the runtime reads before it imports the app."""
    logging, mail = config.logging, config.mail
    told = {
        "app": config.name,
        "environment": config.environment,
        "release": release,
        "to": logging.to,
        "file": str(layout.app_log),
        "level": logging.level,
        "levels": dict(logging.levels),
        "format": logging.format,
        "dict_config": json.loads(logging.dict_config) if logging.dict_config else None,
        "spool": str(layout.spool) if mail.level else None,
        "spool_size": SPOOL_SIZE,
        "dropped": str(layout.dropped),
        "mail_level": mail.level,
    }
    return json.dumps(told, indent=2) + "\n"
