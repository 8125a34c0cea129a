"""A guestbook: visitors leave their name and a few words."""

import os
from pathlib import Path

from flask import Flask

from guestbook import entries, trial
from guestbook.config import CONFIGS
from guestbook.models import create_tables, db


def create_app(config_name="development"):
    app = Flask(__name__)
    app.config.from_object(CONFIGS[config_name])
    app.config["RELEASE"] = os.environ.get("UNCORK_RELEASE")
    Path(app.instance_path).mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    with app.app_context():
        create_tables()
    app.register_blueprint(entries.blueprint)
    app.register_blueprint(trial.blueprint)
    return app
