"""A factory as the tutorials write it: the config class of the environment sets the app up."""

from config import config
from flask import Flask


def create_app(config_name: str = "development") -> Flask:
    """Make the app for an environment."""
    app = Flask(__name__)
    app.config.from_object(config[config_name])
    config[config_name].init_app(app)

    @app.get("/")
    def index() -> str:
        app.logger.info("somebody reads")
        return f"blog for {config_name}\n"

    @app.get("/boom")
    def boom() -> str:
        raise RuntimeError("the post is gone")

    return app
