"""The page: the newest entries, and the form that adds one."""

from flask import Blueprint, current_app, redirect, render_template, request, url_for

from guestbook.models import Entry, db

LONGEST = {"name": 60, "message": 1000}
SHOWN = 50

blueprint = Blueprint("entries", __name__)


@blueprint.get("/")
def index():
    return page()


@blueprint.post("/")
def add():
    values = {field: request.form.get(field, "").strip() for field in LONGEST}
    errors = check(values)
    if errors:
        return page(values, errors), 400
    db.session.add(Entry(**values))
    db.session.commit()
    current_app.logger.info("%s signed", values["name"])
    return redirect(url_for("entries.index"), 303)


def page(values=None, errors=None):
    entries = db.session.scalars(db.select(Entry).order_by(Entry.id.desc()).limit(SHOWN)).all()
    return render_template("index.html", entries=entries, values=values or {}, errors=errors or {}, longest=LONGEST)


def check(values):
    errors = {field: f"Please write your {field}." for field, text in values.items() if not text}
    for field, longest in LONGEST.items():
        if len(values[field]) > longest:
            errors[field] = f"Please keep it to {longest} characters."
    return errors
