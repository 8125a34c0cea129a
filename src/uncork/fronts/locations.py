"""What a front does with an app's URLs: its static folders, the paths that have rules of their own, and the rest."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil
from typing import Final
from urllib.parse import quote, unquote

from uncork.serving import PathRule, Site, Static

LARGEST_BODY: Final = 16 * 1024 * 1024
# A server ends a request that takes too long by itself; the front is only to be a little more patient.
PATIENCE: Final = 5.0
OWN: Final = "/_uncork/"


@dataclass(frozen=True)
class Location:
    """The URLs that begin with `url` (decoded, with the mount), up to the next longer one, and what holds for them.

    `directory` is what stands for `url` on disk, empty where the app answers. `timeout` is in seconds, `max_body` in
    bytes; `cache` says whether responses are kept, `allow` who may come (all if empty), `basic_auth` who by a password.
    """

    url: str
    directory: str
    timeout: int
    max_body: int
    cache: bool
    allow: tuple[str, ...]
    basic_auth: str

    @property
    def quoted(self) -> str:
        """The URL as a request line has it (RFC 3986, `pchar`)."""
        return quote(self.url, safe="/;:@!&'()*+,=~")


def locations(site: Site) -> tuple[Location, ...]:
    """Return the locations of a site, sorted by URL; the app's own, its mount, is the first."""
    base = site.mount.rstrip("/")
    folders = _folders(base, site.static)
    rules = tuple(_rules(base, site.paths))
    urls = {f"{base}/", *folders, *(rule.path for rule in rules)}
    return tuple(_location(site, url, folders, rules) for url in sorted(urls))


def _location(site: Site, url: str, folders: dict[str, str], rules: tuple[PathRule, ...]) -> Location:
    rule = _holds(url, rules)
    largest = next((most for most in (rule.max_body, site.max_body) if most is not None), LARGEST_BODY)
    return Location(
        url=url,
        directory=_directory(url, folders),
        timeout=ceil((rule.timeout or site.request_timeout) + PATIENCE),
        max_body=max(1, largest),  # for nginx and Apache 0 would mean that there is no limit
        cache=site.cache.on if rule.cache is None else rule.cache,
        allow=rule.allow,
        basic_auth=rule.basic_auth,
    )


def _folders(base: str, static: tuple[Static, ...]) -> dict[str, str]:
    """The first folder of a URL counts, as in Flask. One that stands for all of the app's URLs is left to the app."""
    found: dict[str, str] = {}
    for folder in static:
        if folder.url.strip("/"):
            found.setdefault(f"{base}/{folder.url.strip('/')}/", f"{folder.directory.rstrip('/')}/")
    return found


def _rules(base: str, paths: tuple[PathRule, ...]) -> Iterator[PathRule]:
    """Yield the rules, with the mount in their paths. What is uncork's own is for nobody, whatever a rule says."""
    for rule in paths:
        path = unquote(rule.path)
        if not path.startswith(OWN):
            yield replace(rule, path=f"{base}{path}")


def _directory(url: str, folders: dict[str, str]) -> str:
    """A rule for a part of a static folder leaves it one."""
    around = max((folder for folder in folders if url.startswith(folder)), key=len, default="")
    return folders[around] + url.removeprefix(around) if around else ""


def _holds(url: str, rules: tuple[PathRule, ...]) -> PathRule:
    """What the rules for all that a URL begins with say together; of two that say the same the longer counts.

    So who may not come to `/admin` may not come to `/admin/reports` either, though that has another time-out.
    """
    found = PathRule(url)
    for rule in sorted(rules, key=lambda rule: len(rule.path)):
        if url.startswith(rule.path):
            found = _laid_over(found, rule)
    return found


def _laid_over(found: PathRule, rule: PathRule) -> PathRule:
    return PathRule(
        found.path,
        timeout=found.timeout if rule.timeout is None else rule.timeout,
        max_body=found.max_body if rule.max_body is None else rule.max_body,
        cache=found.cache if rule.cache is None else rule.cache,
        allow=rule.allow or found.allow,
        basic_auth=rule.basic_auth or found.basic_auth,
    )
