"""What a project holds and does not use: distributions that no import leads to."""

from collections.abc import Iterable, Mapping
from typing import Final

from uncork.project.distributions import distribution_for, normalised
from uncork.project.graph import closure

# Used without an import of their own: database drivers by URL, what Flask and others use when it is there.
_UNSEEN: Final = frozenset(
    [
        "psycopg",
        "psycopg2",
        "psycopg2-binary",
        "psycopg-binary",
        "pymysql",
        "mysqlclient",
        "mysql-connector-python",
        "pyodbc",
        "oracledb",
        "cx-oracle",
        "mariadb",
        "pg8000",
        "redis",
        "hiredis",
        "python-dotenv",
        "email-validator",
        "cryptography",
        "argon2-cffi",
        "bcrypt",
        "brotli",
        "lxml",
        "html5lib",
        "blinker",
        "gevent",
        "eventlet",
        "greenlet",
        "tzdata",
        "openpyxl",
        "xlsxwriter",
        "simplejson",
    ]
)
# Distributions of which one stands for another, under the same module.
_SAME: Final = (
    {"psycopg2", "psycopg2-binary"},
    {"opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"},
    {"pycryptodome", "pycrypto"},
    {"python-magic", "file-magic"},
    {"fpdf", "fpdf2"},
    {"mysqlclient", "mysql-python"},
    {"attrs", "attr"},
)
# What every environment has to install others with, and what a release brings itself.
_TOOLS: Final = frozenset({"pip", "setuptools", "wheel", "uv", "distribute", "pkg-resources", "uncork"})


def never_imported(
    held: Iterable[str], imported: Iterable[str], requires: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """Return the distributions that are held, but neither imported nor required by what is.

    `held` are names of distributions, `imported` of modules; `requires` maps a distribution to what it requires (from
    the metadata of an environment, or from `requirements.requires`). Database drivers and the like, which are used
    without an import, are never named.
    """
    names = {normalised(name) for name in held}
    graph = {normalised(name): tuple(normalised(c) for c in children) for name, children in requires.items()}
    used = closure((name for module in imported for name in _providers(module, names)), graph)
    kept = used | closure(names & _UNSEEN, graph) | _TOOLS
    return tuple(sorted(names - kept))


def unused(held: Iterable[str], needed: Iterable[str]) -> tuple[str, ...]:
    """Return the distributions that are held and not needed, but for those that install others, and uncork."""
    return tuple(sorted({normalised(name) for name in held} - {normalised(name) for name in needed} - _TOOLS))


def _providers(module: str, held: set[str]) -> set[str]:
    """Return the distributions that may bring a module: the known one, its like, or one of the module's own name."""
    known = normalised(distribution_for(module))
    like = next((group for group in _SAME if known in group), {known})
    own = normalised(module)
    prefixed = {name for name in held if name in {own, f"python-{own}", f"py{own}", f"{own}-python"}}
    return like | prefixed
