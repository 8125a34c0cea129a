"""Imports a release's app in a clean interpreter, and says as one JSON object how that went and what the app is.

How it is run, by the Python of the release's own environment:

    cd RELEASE/source && PYTHONPATH=RELEASE VENV/bin/python -m uncork_runtime.prove RELEASE/run.py [SECONDS]

It prints one line on the real standard output, and ends with 0 once it has spoken:

    {"ok": true, "flask": true, "static": [{"url": "/static/", "directory": "/..."}], "max_body": null, "notes": [],
     "frameworks": ["flask"], "cookies": ["session"]}
    {"ok": false, "kind": "ModuleNotFoundError", "message": "...", "module": "requests", "place": "shop/views.py:3",
     "traceback": "..."}

`place` and `traceback` name files as they lie in the source folder. All that the app itself prints goes to standard
error. An import that takes longer than SECONDS ends as a TimeoutError that shows where it hangs. An app that ends the
process at once (`os._exit`) leaves no line: an empty standard output means that.
"""

from __future__ import annotations

import gc
import inspect
import json
import os
import sys
import threading
import traceback
from collections.abc import Iterable
from types import FrameType, FunctionType, MethodType
from typing import TYPE_CHECKING, NoReturn, Optional, Union

from uncork_runtime import logs
from uncork_runtime.application import imported

if TYPE_CHECKING:
    from flask import Blueprint, Flask
    from werkzeug.routing import Rule

Report = dict[str, object]
TAIL = "/<path:filename>"
ENDING = threading.Lock()
# Their import only defines things: no connection, no thread, no file. So it may be made once for all workers.
FRAMEWORKS = ("flask", "marshmallow", "pydantic", "sqlalchemy", "wtforms")
# These change what is imported after them; what was there before stays as it was.
CHANGING = ("ddtrace", "elasticapm", "eventlet", "gevent", "newrelic", "opentelemetry")
MACHINERY = {__file__, imported.__code__.co_filename}


def main(arguments: list[str]) -> NoReturn:
    """Import the `run.py` that the arguments name, print the report, and end the process, threads or no threads."""
    run = os.path.realpath(arguments[0])
    answer = os.dup(1)
    os.dup2(2, 1)
    sys.argv = [run]
    gc.disable()  # this process ends before there is garbage worth a look; it takes a tenth of an import
    logs.to_console()
    if arguments[1:]:
        _limit(float(arguments[1]), answer, run)
    _end(answer, prove(run))


def prove(run: str) -> Report:
    """What became of importing that `run.py`: the report that is printed."""
    try:
        app = vars(imported(run)).get("app")
        _check(app)
        return {"ok": True, **describe(app, _source(run))}
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever an app raises while it is imported is a finding
        return explain(error, run)


class AsgiError(TypeError):
    """The app speaks ASGI."""


def _check(app: object) -> None:
    """Raise TypeError, which says what was found, for what no WSGI server could call."""
    called = app if isinstance(app, (FunctionType, MethodType)) else getattr(type(app), "__call__", None)  # noqa: B004
    if inspect.iscoroutinefunction(called):
        raise AsgiError(f"the app is {_kind(app)}, which speaks ASGI, and the servers here speak WSGI")
    if not callable(app):
        raise TypeError(f"the app is {_kind(app)}, which can't be called: it is no WSGI application")
    try:
        signature = inspect.signature(app)
    except (TypeError, ValueError):
        return  # written in C: only a request can tell
    try:
        signature.bind({}, None)
    except TypeError:
        how = f"which is called as {signature}, not as WSGI's (environ, start_response)"
        raise TypeError(f"the app is {_kind(app)}, {how}") from None


def _kind(found: object) -> str:
    if found is None:
        return "None"
    if isinstance(found, (FunctionType, MethodType, type)):
        return f"the {'class' if isinstance(found, type) else 'function'} {found.__module__}.{found.__qualname__}"
    return f"an object of {type(found).__module__}.{type(found).__qualname__}"


def describe(app: object, source: str) -> Report:
    """What the front needs to know of an app: its static folders, the largest body it takes in bytes, its cookies."""
    flask = sys.modules.get("flask")
    plain: Report = {"flask": False, "static": [], "max_body": None, "notes": [], "cookies": []}
    plain["frameworks"] = _frameworks(source)
    if flask is None or not isinstance(app, flask.Flask):
        return plain
    notes = _notes(app, source)
    static = [{"url": url, "directory": directory} for url, directory in _folders(app, notes)]
    largest = app.config.get("MAX_CONTENT_LENGTH")
    found: Report = {"flask": True, "static": static, "notes": notes, "cookies": _cookies(app)}
    return plain | found | {"max_body": largest if type(largest) is int else None}


def _cookies(app: Flask) -> list[str]:
    """The cookies by which a visitor is known: Flask's session, and what extensions name, or leave as it is."""
    named = [value for key, value in app.config.items() if str(key).endswith("COOKIE_NAME")]
    if "flask_login" in sys.modules:
        named.append(app.config.get("REMEMBER_COOKIE_NAME", "remember_token"))
    return sorted({name for name in named if isinstance(name, str) and name})


def _frameworks(source: str) -> list[str]:
    if any(name in sys.modules for name in CHANGING):
        return []
    places = {name: getattr(sys.modules.get(name), "__file__", None) for name in FRAMEWORKS}
    return [name for name, path in places.items() if path and _inside(path, source) is None]


def _notes(app: Flask, source: str) -> list[str]:
    notes = []
    if app.debug and os.environ.get("UNCORK_ENV") != "development":
        notes.append("app.debug is on: the code sets it itself")
    hooks = [hook for functions in app.before_request_funcs.values() for hook in functions]
    own = sorted({hook.__name__ for hook in hooks if _is_of(hook, source)})
    if own and app.has_static_folder:
        notes.append(f"before_request functions ({', '.join(own)}) don't run for static files, which the front serves")
    return notes


def _is_of(hook: object, source: str) -> bool:
    code = getattr(hook, "__code__", None)
    return code is not None and _inside(code.co_filename, source) is not None


def _folders(app: Flask, notes: list[str]) -> Iterable[tuple[str, str]]:
    """The URL and the folder of what the front can serve in the app's place, and a note on what it can't."""
    adapter = app.url_map.bind("localhost")
    accepted: list[Rule] = []
    folders = {}
    # The longest first: /static/admin/ is served apart, and so doesn't keep /static/ from being served.
    for rule in sorted((r for r in app.url_map.iter_rules() if _is_static(r)), key=lambda r: -len(r.rule)):
        url = rule.rule[: -len(TAIL)] + "/"
        owner = _owner(app, rule.endpoint)
        if owner is None or not os.path.isdir(owner.static_folder or ""):
            continue
        if url == "/" or _beneath(app, url, [*accepted, rule]) or not _is_flasks_own(app, owner, rule.endpoint):
            notes.append(f"the app itself serves {url} ({rule.endpoint}): it does more there than send files")
        elif adapter.test(url + "x", "GET") and adapter.match(url + "x", "GET")[0] == rule.endpoint:
            accepted.append(rule)
            folders[url] = os.path.realpath(owner.static_folder or "")
    return sorted(folders.items())


def _is_static(rule: Rule) -> bool:
    named = rule.endpoint == "static" or rule.endpoint.endswith(".static")
    plain = rule.rule.endswith(TAIL) and "<" not in rule.rule[: -len(TAIL)]
    return named and plain and not rule.host and not rule.subdomain and not rule.build_only


def _owner(app: Flask, endpoint: str) -> Optional[Union[Flask, Blueprint]]:
    import flask

    owner = app if endpoint == "static" else app.blueprints.get(endpoint[: -len(".static")])
    return owner if isinstance(owner, (flask.Flask, flask.Blueprint)) and owner.has_static_folder else None


def _beneath(app: Flask, url: str, apart: list[Rule]) -> bool:
    return any(rule.rule.startswith(url) and rule not in apart for rule in app.url_map.iter_rules())


def _is_flasks_own(app: Flask, owner: Union[Flask, Blueprint], endpoint: str) -> bool:
    """Whether the view only sends files: one that is decorated, say to ask for a login, must stay with the app."""
    import flask

    base = flask.Flask if owner is app else flask.Blueprint
    if type(owner).send_static_file is not base.send_static_file or "send_static_file" in vars(owner):
        return False
    view = app.view_functions[endpoint]
    if isinstance(view, MethodType):
        return view.__self__ is owner and view.__func__ is base.send_static_file
    # Flask makes a lambda in its __init__; functools.wraps copies every name of a function, but not its code.
    code = getattr(view, "__code__", None)
    return code is not None and code.co_filename == flask.Flask.__init__.__code__.co_filename


def explain(error: BaseException, run: str) -> Report:
    """Why the app can't be imported, with the place in the project and the frames that are the app's own."""
    source = _source(run)
    summary = traceback.TracebackException.from_exception(error)
    frames = [(frame.filename, frame.lineno or 0) for frame in summary.stack]
    if isinstance(error, SyntaxError) and error.filename:
        frames.append((error.filename, error.lineno or 0))
    _strip(summary, run, set())
    return _failure(type(error).__name__, _message(error), _place(frames, source), "".join(summary.format()), run) | {
        "module": error.name if isinstance(error, ModuleNotFoundError) else None
    }


def _failure(kind: str, message: str, place: Optional[str], text: str, run: str) -> Report:
    shown = text.replace(f'File "{_source(run)}/', 'File "')
    return {"ok": False, "kind": kind, "message": message, "module": None, "place": place, "traceback": shown}


def _message(error: BaseException) -> str:
    if isinstance(error, SystemExit) and not isinstance(error.code, str):
        return f"the app called sys.exit({'' if error.code is None else error.code})"
    return str(error)


def _strip(summary: traceback.TracebackException, run: str, seen: set[int]) -> None:
    """Leave the frames of the import itself out, in what an error was caused by too."""
    if id(summary) in seen:
        return
    seen.add(id(summary))
    frames = [frame for frame in summary.stack if not _is_machinery(frame.filename)]
    own = [frame for frame in frames if os.path.realpath(frame.filename) != run]
    summary.stack = traceback.StackSummary.from_list(own or frames)
    for other in (summary.__cause__, summary.__context__):
        if other is not None:
            _strip(other, run, seen)


def _is_machinery(path: str) -> bool:
    return path.startswith("<frozen ") or path in MACHINERY


def _source(run: str) -> str:
    source = os.path.join(os.path.dirname(run), "source")
    return os.path.realpath(source) if os.path.isdir(source) else os.getcwd()


def _place(frames: list[tuple[str, int]], source: str) -> Optional[str]:
    """The deepest of the frames that lies in the project, as `shop/views.py:3`."""
    places = [f"{inside}:{line}" for path, line in frames for inside in [_inside(path, source)] if inside]
    return places[-1] if places else None


def _inside(path: str, source: str) -> Optional[str]:
    real = os.path.realpath(path)
    if path.startswith("<") or not real.startswith(source + os.sep) or "site-packages" in real:
        return None
    return os.path.relpath(real, source)


def _limit(seconds: float, answer: int, run: str) -> None:
    """Report a hang from a thread: it sees where the import stands, whatever that waits for."""
    main_thread = threading.get_ident()

    def give_up() -> None:
        _end(answer, _hang(sys._current_frames()[main_thread], seconds, run))  # noqa: SLF001 - there is no other way

    watch = threading.Timer(seconds, give_up)
    watch.daemon = True
    watch.start()


def _hang(frame: FrameType, seconds: float, run: str) -> Report:
    stack = traceback.extract_stack(frame)
    frames = [(one.filename, one.lineno or 0) for one in stack]
    own = [one for one in stack if not _is_machinery(one.filename) and one.filename != run]
    text = "".join(["Where it hangs (most recent call last):\n", *traceback.format_list(own)])
    message = f"the import had not ended after {seconds:g} s"
    return _failure("TimeoutError", message, _place(frames, _source(run)), text, run)


def _end(answer: int, report: Report) -> NoReturn:
    """Print the report and end at once: an app that left threads running can't keep the process."""
    ENDING.acquire()  # for good: of the main thread and the one that watches it, the first one speaks
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()
    with os.fdopen(answer, "w") as out:
        out.write(json.dumps(report) + "\n")
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
