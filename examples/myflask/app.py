"""The smallest app with a factory, whose environment comes from a variable of its own."""

import os

from flask import Flask


def create_app():
    app = Flask(__name__)
    environment = os.environ.get("MY_FLASK_ENV", "development")

    @app.get("/")
    def index():
        return f"<h1>myflask</h1><p>environment: {environment}</p>"

    return app
