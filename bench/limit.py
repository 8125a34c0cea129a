"""The in-process limit: prints the CPU microseconds a request of a WSGI app that is called in a loop.

Run by the environment that is measured, in the app's folder, with the path to ask for; nothing of uncork is in it.
"""

import importlib
import io
import sys
import time
from typing import Final

ROUND: Final = 1000
SECONDS: Final = 1.0

# What nginx and uWSGI hand to an app for a request of wrk.
ENVIRON: Final = {
    "REQUEST_METHOD": "GET",
    "QUERY_STRING": "",
    "CONTENT_TYPE": "",
    "CONTENT_LENGTH": "",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8000",
    "REMOTE_ADDR": "127.0.0.1",
    "REMOTE_PORT": "40000",
    "REQUEST_SCHEME": "http",
    "UWSGI_SCHEME": "http",
    "HTTP_HOST": "127.0.0.1:8000",
    "HTTP_X_REQUEST_ID": "0123456789abcdef0123456789abcdef",
    "HTTP_X_FORWARDED_FOR": "127.0.0.1",
    "HTTP_X_FORWARDED_PROTO": "http",
    "HTTP_X_FORWARDED_HOST": "127.0.0.1:8000",
    "HTTP_X_FORWARDED_PORT": "8000",
    "HTTP_X_REAL_IP": "127.0.0.1",
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": False,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}


def start_response(_status: str, _headers: list[tuple[str, str]], _failure: object = None) -> None:
    """Take what a server would send."""


def main(path: str) -> None:
    sys.path.insert(0, ".")
    app = importlib.import_module("guests").app
    fields = {**ENVIRON, "PATH_INFO": path, "REQUEST_URI": path}
    requests, begun = -ROUND, 0.0
    while requests <= 0 or time.process_time() < begun + SECONDS:
        for _ in range(ROUND):
            body = app({**fields, "wsgi.input": io.BytesIO()}, start_response)
            for _part in body:
                pass
            body.close()
        requests += ROUND
        begun = begun or time.process_time()  # the first round warms up
    print((time.process_time() - begun) / requests * 1e6)


main(sys.argv[1])
