"""A shop: a factory in a package under src/, a blueprint with files of its own, and data in the instance folder."""

import os
import sqlite3
from pathlib import Path

from flask import Blueprint, Flask, current_app, url_for

from shop.prices import price

counter = Blueprint("counter", __name__, static_folder="static", static_url_path="/goods", url_prefix="/counter")


def create_app(config_name: str) -> Flask:
    """The app for one environment."""
    app = Flask(__name__, instance_relative_config=True)
    app.config["CONFIG_NAME"] = config_name
    Path(app.instance_path).mkdir(parents=True, exist_ok=True)
    app.register_blueprint(counter)
    app.add_url_rule("/", view_func=index)
    return app


def index() -> dict[str, object]:
    """Where the shop thinks it is."""
    return {
        "release": os.environ["UNCORK_RELEASE"],
        "config": current_app.config["CONFIG_NAME"],
        "variables": [os.environ.get("UNCORK_ENV"), os.environ.get("SHOP_ENV")],
        "debug": current_app.debug,
        "urls": [url_for("index"), url_for("counter.sold"), url_for("counter.static", filename="goods.txt")],
        "price": price("bottle"),
    }


@counter.post("/sold")
def sold() -> dict[str, int]:
    """One more sold; how many there are is in a database."""
    with sqlite3.connect(Path(current_app.instance_path) / "shop.db") as database:
        database.execute("CREATE TABLE IF NOT EXISTS sold (id INTEGER PRIMARY KEY)")
        database.execute("INSERT INTO sold DEFAULT VALUES")
        return {"sold": database.execute("SELECT count(*) FROM sold").fetchone()[0]}
