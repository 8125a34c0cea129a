"""The app that is measured: a page of text, a JSON and a template page; its bodies name the release."""

from collections.abc import Callable

from flask import Flask, render_template, request

RELEASE = 1

app = Flask(__name__)
GUESTS = [{"name": f"Guest {number}", "said": "It was a lovely evening.", "likes": number} for number in range(20)]


@app.get("/")
def index() -> str:
    """What the limit and the load are told by."""
    return f"release {RELEASE}\n"


@app.get("/fail")
def fail() -> str:
    """An error, for the agent to mail."""
    raise RuntimeError("as it was asked to")


@app.get("/json")
def as_json() -> dict[str, object]:
    """Twenty small objects."""
    return {"release": RELEASE, "guests": GUESTS}


@app.get("/page")
def page() -> str:
    """The same twenty, as a page."""
    return render_template("page.html", release=RELEASE, guests=GUESTS)


@app.get("/kept")
def kept() -> tuple[str, dict[str, str]]:
    """The same page, which may be kept for a minute."""
    return page(), {"Cache-Control": "max-age=60"}


@app.post("/echo")
def echo() -> str:
    """The body, back again."""
    return f"release {RELEASE} {request.get_data(as_text=True)}\n"


PAGES: dict[str, Callable[[], str | dict[str, object]]] = {"index": index, "json": as_json, "page": page}


@app.get("/logged/<name>")
def logged(name: str) -> str | dict[str, object]:
    """One of them, and a record of it."""
    app.logger.info("release %s was asked for", RELEASE)
    return PAGES[name]()
