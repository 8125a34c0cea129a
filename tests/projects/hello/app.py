"""The smallest project that a deploy can be watched through: each body names the release, and a text to rewrite."""

import os
import time

from flask import Flask, request, url_for

TEXT = "one"

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 1_000_000


def named(rest: str = "") -> str:
    """The release that answers, the text of its source, and the rest."""
    return f"release {os.environ.get('UNCORK_RELEASE', '0')} text {TEXT} {rest}\n"


@app.get("/")
def index() -> str:
    """What the load client asks for."""
    return named()


@app.get("/slow")
def slow() -> str:
    """An answer that takes its time."""
    time.sleep(float(request.args.get("s", "3")))
    return named()


@app.post("/echo")
def echo() -> str:
    """The body, back again."""
    return named(request.get_data(as_text=True))


@app.get("/about")
def about() -> dict[str, object]:
    """What the request and the process look like from inside."""
    return {
        "url": request.url,
        "client": request.remote_addr,
        "request_id": request.headers.get("X-Request-ID"),
        "static": url_for("static", filename="hello.css"),
        "environment": {k: v for k, v in os.environ.items() if k.startswith(("UNCORK", "GREETING", "MY_"))},
        "secret": len(os.environ.get("CANARY", "")),
        "pid": os.getpid(),
        "ids": [os.getuid(), os.geteuid(), os.getgid(), *os.getgroups()],
        "debug": app.debug,
    }


@app.get("/variable/<name>")
def variable(name: str) -> bytes:
    """A variable of the environment, exactly."""
    return os.environb.get(name.encode(), b"unset")


@app.get("/boom")
def boom() -> str:
    """A bug, with a secret in a local variable that a careless log would print."""
    secret = os.environ.get("CANARY", "")
    raise RuntimeError(f"boom with {len(secret)} characters")
