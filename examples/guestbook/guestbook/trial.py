"""Pages for trying out logs and error mail: one logs at each level, one fails."""

from flask import Blueprint, current_app, request

blueprint = Blueprint("trial", __name__, url_prefix="/trial")


@blueprint.get("/log")
def log():
    logger = current_app.logger
    logger.debug("read while developing")
    logger.info("read when somebody asks what happened")
    logger.warning("read before it becomes an error")
    logger.error("mailed to the administrators")
    logger.critical("mailed too")
    return "logged\n"


@blueprint.get("/fail")
def fail():
    bottles, visitors = int(request.args.get("bottles", "99")), 0
    return f"{bottles / visitors} bottles for each\n"
