"""What an INI of uWSGI's says."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from uncork.project.adopted.fates import (
    Fate,
    Kind,
    Rules,
    Setting,
    address,
    each,
    harmful,
    inside,
    key,
    left,
    same,
    seconds,
    secret,
    whole,
)

_PLACE: Final = re.compile(r"%\(([^)]+)\)")
_RELOADS: Final = harmful(
    "uncork starts a new release beside the old one: uWSGI reloaded in place with an app that can't be imported failed "
    "40 of 40 requests"
)
_LOGS: Final = same("`uncork logs` shows all logs, and the agent rotates them")
_FRONT: Final = same("the front does it")
_OWN: Final = same("uncork sets it for each release")
_SIZED: Final = same("uncork sets it as large as this machine and the protocol allow")
_ACCOUNT: Final = same("run by root, uncork has requests answered by an account without rights")
_ENVIRONMENT: Final = same("each release has a locked environment of its own")
_PROCESSES: Final = left(
    "uncork starts only what answers requests; while a deploy takes over two releases run side by side, and each would "
    "have its own: run it as a service of its own"
)


def _memory(text: str) -> str:
    return f"{whole(text)}M"


def _body(text: str) -> list[dict[str, object]]:
    return [{"path": "/", "max_body": whole(text)}]


def _mounted(setting: Setting) -> Fate:
    mount, _, app = setting.value.partition("=")
    if not mount.startswith("/"):
        return Fate(Kind.LEFT, setting, "it names no path")
    return Fate(Kind.CARRIED, setting, values=(("mount", mount.rstrip("/") or "/"), ("app", _module(app))))


def _module(text: str) -> str:
    """Return `pkg/run.py` and `pkg.run:app` as the config names what is imported."""
    path, _, name = text.partition(":")
    module = path.removesuffix(".py").removeprefix("./").replace("/", ".") if path.endswith(".py") else path
    return f"{module}:{name}" if name else module


def _app(text: str) -> str:
    if not text or text.startswith("/"):
        raise ValueError(text)
    return _module(text)


RULES: Final[Rules] = {
    **each(key("app", _app), "module", "wsgi", "w", "wsgi-file", "file"),
    "mount": _mounted,
    "callable": same("it is a part of `app`"),
    **each(key("processes", whole), "processes", "workers", "p"),
    "threads": key("threads", whole),
    "harakiri": key("request_timeout", seconds),
    **each(key("drain", seconds), "worker-reload-mercy", "reload-mercy"),
    **each(key("worker_memory", _memory), "reload-on-rss", "evil-reload-on-rss"),
    "limit-post": key("front.paths", _body),
    **each(key("server.gevent", whole), "gevent"),
    "cheaper": key("server.cheaper", whole),
    "idle": key("server.idle", seconds),
    **each(address, "http", "http-socket", "http11-socket"),
    **each(inside, "socket", "s", "uwsgi-socket", "S"),
    **each(secret, "env"),
    "thunder-lock": harmful("with two workers it took nginx and uWSGI from 10,900 requests a second to 7,600"),
    "die-on-term": harmful("at SIGTERM it drops the requests that are under way; uncork lets them finish"),
    "log-master": harmful("it merges long lines"),
    "lazy": harmful("uWSGI calls it obsolete and slow; each worker loads the app by itself anyway"),
    "post-buffering": harmful("with threads and harakiri it kills workers that are well; the front buffers bodies"),
    **each(_RELOADS, "touch-reload", "touch-chain-reload", "py-autoreload", "python-autoreload", "py-auto-reload"),
    **each(_RELOADS, "fs-reload", "touch-workers-reload"),
    **each(_PROCESSES, "mule", "mules", "spooler", "cron", "attach-daemon", "smart-attach-daemon", "farm"),
    **each(_LOGS, "logto", "logto2", "daemonize", "daemonize2", "log-date", "log-format", "disable-logging", "logger"),
    **each(_LOGS, "log-4xx", "log-5xx", "log-slow", "req-logger", "logfile-chown", "log-maxsize", "log-reopen", "L"),
    **each(_OWN, "master", "M", "need-app", "strict", "lazy-apps", "single-interpreter", "enable-threads", "vacuum"),
    **each(_OWN, "pidfile", "pidfile2", "safe-pidfile", "stats", "stats-server", "master-fifo", "no-orphans"),
    **each(_OWN, "chmod-socket", "C", "chown-socket", "binary-path", "harakiri-verbose", "procname", "auto-procname"),
    **each(_OWN, "procname-prefix", "procname-prefix-spaced", "plugin", "plugins", "plugins-dir", "chdir", "chdir2"),
    **each(_OWN, "ignore-sigpipe", "ignore-write-errors", "disable-write-exception", "manage-script-name", "cheap"),
    **each(_OWN, "gevent-monkey-patch", "gevent-early-monkey-patch", "memory-report", "exit-on-reload", "base"),
    **each(_SIZED, "listen", "l", "buffer-size", "b", "max-fd"),
    **each(_ACCOUNT, "uid", "gid", "user", "group", "immediate-uid", "immediate-gid", "cap", "umask"),
    **each(_ENVIRONMENT, "home", "virtualenv", "venv", "H", "pyhome"),
    **each(_FRONT, "http-timeout", "socket-timeout", "http-keepalive", "http-auto-chunked", "http-to", "add-header"),
    "max-requests": same("a worker is replaced after 100,000 requests; `worker_memory` bounds its size"),
    "max-requests-delta": same("workers are not all replaced at once"),
    **each(left("the front serves the static folders that the app says it has"), "static-map", "static-map2"),
    **each(left("the front serves the static folders that the app says it has"), "check-static", "static-index"),
    **each(left("give the app's folder, or install what lies elsewhere as a dependency"), "pythonpath", "pp"),
    **each(left("the file that it names is to be adopted too"), "ini", "include", "xml", "yaml", "json"),
    **each(left("a front with HTTPS is said by `[tls]`"), "https", "https2", "https-socket"),
}
UNKNOWN: Final = "no key of uncork's says it; a line of `uncork/uwsgi.ini` in the project does"
VARIABLE: Final = "a variable of the file's own; its value was put in where it is used"


def fates(text: str) -> Iterator[Fate]:
    """Yield what becomes of each setting of an INI of uWSGI's."""
    found, used = _settings(text)
    yield from together(found, used)


def together(found: Iterable[Setting], used: frozenset[str] = frozenset()) -> Iterator[Fate]:
    """Yield what becomes of settings, which may change one another's meaning; `used` are variables of the file's."""
    settings = tuple(found)
    values = {setting.name: setting.value for setting in settings}
    for setting in settings:
        fate = _fate(setting, values, used)
        if not (fate.kind is Kind.HARMFUL and setting.value.lower() in _OFF):
            yield fate


def _fate(setting: Setting, values: dict[str, str], used: frozenset[str]) -> Fate:
    if any(mark in setting.value for mark in ("%(", "$(", "@(")):
        return Fate(Kind.LEFT, setting, "its value is made only when uWSGI reads it")
    if setting.name in _WITH_THREADS and int_of(values.get("threads")) > 1:
        return Fate(Kind.HARMFUL, setting, _WITH_THREADS[setting.name])
    if setting.name == "idle" and "cheaper" in values:
        return Fate(Kind.LEFT, setting, "`cheaper` keeps some processes, and with uncork's `idle` all of them end")
    rule = RULES.get(setting.name)
    if rule:
        return _named(rule(setting), values)
    return Fate(Kind.SAME, setting, VARIABLE) if setting.name in used else Fate(Kind.LEFT, setting, UNKNOWN)


_OFF: Final = frozenset({"false", "no", "0"})
_WITH_THREADS: Final = {
    "cheaper": "with threads it loses requests",
    "max-requests": "with threads workers were left defunct, and the site stood still for 60 s, before uWSGI 2.0.29",
}


def int_of(text: str | None) -> int:
    """Return a number that a text says; 0 if it says none."""
    return int(text) if text and text.isdecimal() else 0


def _named(fate: Fate, values: dict[str, str]) -> Fate:
    """The fate of what names a module alone: `callable` says what to take from it, else `application`."""
    named = tuple(
        (name, f"{value}:{values.get('callable', 'application')}")
        if name == "app" and ":" not in str(value)
        else (name, value)
        for name, value in fate.values
    )
    return Fate(fate.kind, fate.setting, fate.why, named)


def _settings(text: str) -> tuple[list[Setting], frozenset[str]]:
    """Return the settings of the section `uwsgi`, with its own variables put in, and which variables those are."""
    found: list[Setting] = []
    used: set[str] = set()
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        words = line.strip()
        if words.startswith("["):
            section = words.strip("[]")
        elif section == "uwsgi" and "=" in words and not words.startswith(("#", ";")):
            name, _, value = words.partition("=")
            known = {setting.name: setting.value for setting in found}
            used.update(name for name in _PLACE.findall(value) if name in known)
            found.append(Setting(name.strip(), _filled(value.strip(), known), number))
    return found, frozenset(used)


def _filled(value: str, known: dict[str, str]) -> str:
    return _PLACE.sub(lambda match: known.get(match[1], match[0]), value)
