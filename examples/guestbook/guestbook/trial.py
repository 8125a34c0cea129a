"""Pages for trying out logs and error mail: one logs at each level, one fails."""

from flask import Blueprint, current_app, request

LEVELS = ("debug", "info", "warning", "error", "critical")

blueprint = Blueprint("trial", __name__, url_prefix="/trial")


@blueprint.get("/log")
def log():
    for level in LEVELS:
        log_at = getattr(current_app.logger, level)
        log_at("a trial of %s", level)
    return "logged\n"


@blueprint.get("/fail")
def fail():
    bottles = int(request.args.get("bottles", "99"))
    return f"{bottles / 0} bottles for each\n"
