"""The Flask extension: logging, checks and the user of a request, for apps that say so themselves."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Callable, Optional

from uncork_runtime import health, logs, request, settings, wsgi

if TYPE_CHECKING:
    from flask import Flask


class Uncork:
    """What an app can tell uncork, and have without it.

        uncork = Uncork(app)    # or: uncork = Uncork(), and in the factory: uncork.init_app(app)

    Where uncork serves the app, logging is set up already, and nothing of it is done again. Elsewhere it is set up as
    for that environment: in development DEBUG and up on standard error, else INFO and up in the file that
    UNCORK_LOG_FILE names, by default `app.log` in the app's instance folder. The environment is the argument, or
    UNCORK_ENV; else development for an app in debug mode, testing for one with TESTING, production for any other.
    Elsewhere the app also answers /_uncork/live and /_uncork/ready, which names the checks that fail; why they do is
    logged.
    """

    def __init__(self, app: Optional[Flask] = None, environment: Optional[str] = None) -> None:
        """Set an app up, if there is one already."""
        self._environment = environment
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask, environment: Optional[str] = None) -> None:
        """Set an app up; a second time changes nothing."""
        if "uncork" not in app.extensions:
            app.extensions["uncork"] = self
            if logs.installed() is None or "UNCORK_RELEASE" not in os.environ:
                self._by_itself(app, environment or self._environment or _environment(app))
        logs.attach(app)

    @staticmethod
    def check(name: str) -> Callable[[health.Function], health.Function]:
        """Register a function that tells whether the app is ready: it fails if it raises or returns False."""
        return health.check(name)

    @staticmethod
    def set_user(user: object) -> None:
        """Say who makes the request at hand, by an id or a name: its log records and errors tell it."""
        request.set_user(user)

    @staticmethod
    def _by_itself(app: Flask, environment: str) -> None:
        file = os.environ.get("UNCORK_LOG_FILE") or os.path.join(app.instance_path, "app.log")
        logs.install(settings.for_environment(environment, app=app.name, file=os.path.abspath(file)))
        app.wsgi_app = wsgi.alone(app.wsgi_app, app.app_context)  # type: ignore[assignment,method-assign]


def _environment(app: Flask) -> str:
    named = os.environ.get("UNCORK_ENV")
    return named or ("development" if app.debug else "testing" if app.testing else "production")
