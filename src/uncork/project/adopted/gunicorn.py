"""What Gunicorn is told: by the literals of a gunicorn.conf.py, which is read and never run, or by options."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from uncork.project.adopted.fates import (
    Fate,
    Kind,
    Rules,
    Setting,
    address,
    each,
    harmful,
    key,
    left,
    same,
    seconds,
    secret,
    whole,
)
from uncork.project.syntax import dotted

_LOGS: Final = same("`uncork logs` shows all logs, and the agent rotates them")
_FRONT: Final = same("the front does it")
_OWN: Final = same("uncork sets it for each release")
_ACCOUNT: Final = same("run by root, uncork has requests answered by an account without rights")
_ASGI: Final = "it runs ASGI apps, and uncork WSGI apps alone"
_CONNECTIONS: Final = 1000
"""What `worker_connections` is without a word (gunicorn.config.WorkerConnections)."""


def _level(text: str) -> str:
    if text.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
        raise ValueError(text)
    return text.upper()


def _kind(setting: Setting) -> Fate:
    name = setting.value.rpartition(".")[2].lower()
    if name in {"sync", "gthread"}:
        return Fate(Kind.SAME, setting, "it follows from `threads`")
    if name == "gevent":
        return Fate(Kind.CARRIED, setting, values=(("server.gevent", _CONNECTIONS),))
    asgi = "uvicorn" in setting.value.lower()
    return Fate(Kind.LEFT, setting, _ASGI if asgi else "uncork has no such workers; `gevent` under [server] is near it")


RULES: Final[Rules] = {
    "bind": address,
    "workers": key("processes", whole),
    "worker_class": _kind,
    "threads": key("threads", whole),
    "timeout": key("request_timeout", seconds),
    "graceful_timeout": key("drain", seconds),
    "wsgi_app": key("app", str),
    "raw_env": secret,
    "loglevel": key("logging.level", _level),
    "certfile": key("tls.cert", str),
    "keyfile": key("tls.key", str),
    "preload_app": harmful("connections to a database that are made before the fork are shared by all workers"),
    **each(harmful("the debugger's work: in production a deploy brings new code"), "reload", "reload_engine"),
    **each(harmful("the debugger's work: in production a deploy brings new code"), "reload_extra_files", "spew"),
    **each(_LOGS, "accesslog", "errorlog", "access_log_format", "capture_output"),
    **each(
        _LOGS,
        "disable_redirect_access_to_syslog",
        "syslog",
        "syslog_addr",
        "syslog_prefix",
        "syslog_facility",
        "log_file",
    ),
    **each(_FRONT, "keepalive", "limit_request_line", "limit_request_fields", "limit_request_field_size"),
    **each(_FRONT, "forwarded_allow_ips", "proxy_allow_ips", "proxy_protocol", "secure_scheme_headers", "sendfile"),
    **each(_OWN, "pidfile", "daemon", "chdir", "worker_tmp_dir", "tmp_upload_dir", "proc_name", "backlog", "umask"),
    **each(_OWN, "max_requests", "max_requests_jitter", "worker_connections", "reuse_port", "check_config"),
    **each(_ACCOUNT, "user", "group", "initgroups"),
    **each(left("say it under [logging]: `dict_config` takes a whole one"), "logconfig", "logconfig_dict"),
    **each(left("say it under [logging]: `dict_config` takes a whole one"), "logconfig_json", "logger_class"),
    "config": left("the file that it names is to be adopted too"),
    "pythonpath": left("give the app's folder, or install what lies elsewhere as a dependency"),
}
OPTIONS: Final = {
    "b": "bind", "w": "workers", "k": "worker_class", "t": "timeout", "c": "config", "p": "pidfile", "D": "daemon",
    "u": "user", "g": "group", "m": "umask", "n": "proc_name", "e": "raw_env", "env": "raw_env",
    "preload": "preload_app",
    "keep_alive": "keepalive", "name": "proc_name", "pid": "pidfile", "access_logfile": "accesslog",
    "error_logfile": "errorlog", "log_level": "loglevel", "access_logformat": "access_log_format",
}  # fmt: skip
SWITCHES: Final = frozenset(
    {"daemon", "preload_app", "reload", "capture_output", "spew", "reuse_port", "check_config", "initgroups"}
)
HOOK: Final = "a hook of Gunicorn's; where the app needs it, let the app's module do it"


def fates(text: str) -> Iterator[Fate]:
    """Yield what becomes of each setting of a gunicorn.conf.py. Raises SyntaxError where it is no Python."""
    tree = ast.parse(text)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    made = [part for statement in tree.body for part in _statement(statement, used)]
    yield from (part for part in made if isinstance(part, Fate))
    yield from together(part for part in made if isinstance(part, Setting))


def _statement(statement: ast.stmt, used: set[str]) -> Iterator[Setting | Fate]:
    """Yield what a statement sets; what is `used` further on may be no setting, but a name of the file's own."""
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Expr():
            return
        case ast.FunctionDef(name=name):
            yield Fate(Kind.LEFT, Setting(name, "", statement.lineno), HOOK)
        case ast.Assign(targets=targets, value=value):
            for name in (dotted(target) for target in targets):
                yield from _said(name, value, statement.lineno) if name in RULES or name not in used else ()
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield from _said(dotted(target), value, statement.lineno)
        case _:
            yield Fate(Kind.LEFT, Setting("a statement", "", statement.lineno), COMPUTED)


def itself() -> Iterator[Fate]:
    """Yield what says that Gunicorn goes on serving."""
    yield Fate(Kind.CARRIED, Setting("gunicorn", "", 0), values=(("server.kind", "gunicorn"),))


COMPUTED: Final = "it is computed when Gunicorn reads it; where the config says nothing uncork goes by the machine"


def _said(name: str, value: ast.expr, line: int) -> Iterator[Setting | Fate]:
    try:
        said = ast.literal_eval(value)
    except ValueError:
        yield Fate(Kind.LEFT, Setting(name, ast.unparse(value), line), COMPUTED)
        return
    for one in said if isinstance(said, list | tuple) else (said,):
        if one is not None and one is not False:
            yield Setting(name, str(one), line)


def together(settings: Iterable[Setting]) -> Iterator[Fate]:
    """Yield what becomes of settings: how many greenlets there are stands in another one than that there are any."""
    found = tuple(settings)
    many = {setting.name: setting.value for setting in found}.get("worker_connections", "")
    for setting in found:
        rule = RULES.get(setting.name)
        fate = rule(setting) if rule else Fate(Kind.LEFT, setting, "no key of uncork's says it")
        if many.isdecimal() and fate.values == (("server.gevent", _CONNECTIONS),):
            fate = Fate(fate.kind, setting, values=(("server.gevent", int(many)),))
        yield fate


def options(words: Sequence[str], line: int) -> Iterator[Fate]:
    """Yield what becomes of the words that follow `gunicorn` on a command line."""
    settings: list[Setting] = []
    left_over = list(words)
    while left_over:
        word = left_over.pop(0)
        if not word.startswith("-"):
            settings.append(Setting("wsgi_app", word, line))
            continue
        name, equals, value = word.lstrip("-").partition("=")
        if not equals and not word.startswith("--"):
            name, value = name[:1], name[1:]
        name = OPTIONS.get(name.replace("-", "_"), name.replace("-", "_"))
        if not value and name not in SWITCHES and left_over:
            value = left_over.pop(0)
        settings.append(Setting(name, value, line))
    yield from together(settings)
