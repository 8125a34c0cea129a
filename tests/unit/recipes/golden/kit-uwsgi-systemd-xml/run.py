"""Starts shop for production. Servers run `application`; `app` is the app itself."""

import json
import logging
import os
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [os.path.join(HERE, 'source')]
sys.path.append(HERE)


def read(path):
    """Set each NAME="value" line of a file, if it is there: what is no business of the source, such as passwords."""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                name, equals, value = line.strip().partition("=")
                if equals and not name.startswith("#"):
                    os.environ[name] = json.loads(value) if value.startswith('"') else value


read(os.path.join(HERE, ".env"))
os.environ['UNCORK_ENV'] = 'production'
os.environ.pop("FLASK_DEBUG", None)  # the debugger runs code for whoever asks

# What the app logs goes to standard error, which is the server's log.
logging.basicConfig(level='INFO', format="%(asctime)s %(levelname)s %(name)s: %(message)s")

from shop import create_app  # noqa: E402

app = create_app('production')

if getattr(app, "debug", False):
    app.debug = False  # tracebacks are for the log, not for visitors

application = app
