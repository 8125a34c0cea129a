"""What people have is said again as a config: what is carried over, what isn't and why, what does harm."""

import pytest

from tests.conftest import Golden
from uncork.config import load
from uncork.errors import UsageError
from uncork.project.adopted.config import read, toml
from uncork.project.adopted.fates import Kind

UWSGI = """\
; a comment
[other]
processes = 99
[uwsgi]
name = shop
base = /srv/%(name)
chdir = %(base)
home = %(base)/venv
module = shop:create_app()
master = true
processes = 4
threads = 2
cheaper = 1
harakiri = 60
harakiri-verbose = true
reload-mercy = 20
socket = 127.0.0.1:3031
http = :8080
limit-post = 10485760
reload-on-rss = 256
max-requests = 1000
die-on-term = true
thunder-lock = true
log-master = false
py-autoreload = 1
env = DATABASE_URL=postgres://shop:secret@db/shop
static-map = /static=%(base)/static
mule = worker.py
buffer-size = 8192
logto = /var/log/%n.log
stats = $(HOME)/stats.sock
offload-threads = 2
"""
GUNICORN = """\
import multiprocessing

bind = ["0.0.0.0:80", "unix:/run/shop.sock"]
workers = multiprocessing.cpu_count() * 2 + 1
worker_class = "gevent"
worker_connections = 500
timeout = 0
graceful_timeout: int = 20
raw_env = ["SECRET_KEY=hush", "B=c"]
preload_app = True
reload = False
certfile = "/etc/ssl/shop.pem"
keyfile = "/etc/ssl/shop.key"
loglevel = "debug"
accesslog = "-"
statsd_host = 'localhost:8125'
folder = '/var/log'
errorlog = folder + '/shop.log'


def post_fork(server, worker):
    worker.log.info("hello")


if True:
    threads = 8
"""
PROCFILE = """\
# how it is run
web: SECRET_KEY=hush gunicorn -w 3 --threads=4 -b 0.0.0.0:$PORT --preload --log-level info --timeout 60 'shop:make("x")'
release: flask db upgrade
worker: celery -A shop worker
"""


@pytest.mark.parametrize(
    ("case", "name", "text"),
    [
        ("adopted_uwsgi", "uwsgi.ini", UWSGI),
        ("adopted_gunicorn", "gunicorn.conf.py", GUNICORN),
        ("adopted_procfile", "Procfile", PROCFILE),
    ],
)
def test_a_file_becomes_a_config_and_every_setting_has_its_fate(
    golden: Golden, case: str, name: str, text: str
) -> None:
    fates = read(name, text)
    told = "".join(f"{f.setting.line} {f.setting.name}: {f.kind.value}. {f.why}\n" for f in fates)

    golden(case, {"uncork.toml": toml(fates, ""), "told.txt": told})
    load({"uncork.toml": toml(fates, "")}, "production", "shop")
    assert "hush" not in toml(fates) + told
    assert "secret@" not in toml(fates) + told


def test_the_same_config_goes_under_a_table_of_pyproject() -> None:
    text = toml(read("uwsgi.ini", UWSGI))

    assert text.startswith("[tool.uncork]\n")
    assert load({"pyproject.toml": text}, "production", "shop") == load(
        {"uncork.toml": toml(read("uwsgi.ini", UWSGI), "")}, "production", "shop"
    )


@pytest.mark.parametrize(
    ("command", "config"),
    [
        ("uwsgi --module shop:app --processes 3 --master --http :8001", 'app = "shop:app"\nprocesses = 3\nport = 8001'),
        ("uwsgi -w shop -p 3", 'app = "shop:application"\nprocesses = 3'),
        ("waitress-serve --port 8001 --threads 8 shop:app", 'port = 8001\nbind = "0.0.0.0"\nthreads = 8\napp ='),
        ("waitress-serve --port=8001 --threads=8 shop:app", 'port = 8001\nbind = "0.0.0.0"\nthreads = 8\napp ='),
        ("gunicorn -w2 -k gthread --bind=127.0.0.1:5000 shop:app", 'processes = 2\napp = "shop:app"\nserver ='),
        ("flask run --port 80", ""),
        ("python app.py", ""),
    ],
)  # fmt: skip
def test_the_command_of_a_procfile_is_understood(command: str, config: str) -> None:
    fates = read("Procfile", f"web: {command}\n")

    assert config in toml(fates, "") or toml(fates, "") == config
    assert Kind.LEFT not in {fate.kind for fate in fates}


@pytest.mark.parametrize("command", ["daphne shop.asgi:app", "cd src && gunicorn shop:app", "gunicorn 'shop", "PORT=3",
    "gunicorn -c conf.py shop:app"])  # fmt: skip
def test_a_command_that_is_not_understood_is_named(command: str) -> None:
    fates = read("Procfile", f"web: {command}\n")

    assert Kind.LEFT in {fate.kind for fate in fates}


@pytest.mark.parametrize(
    "line", ["processes = many", "harakiri = -1", "processes = 0", "http = nowhere", "mount = shop"]
)
def test_a_value_that_the_config_would_refuse_is_named_and_not_carried_over(line: str) -> None:
    (fate,) = read("uwsgi.ini", f"[uwsgi]\n{line}\n")

    assert (fate.kind, fate.setting.line, fate.values) == (Kind.LEFT, 2, ())


def test_a_mount_says_where_the_app_lives_and_what_it_is() -> None:
    fates = read("uwsgi.ini", "[uwsgi]\nmount = /shop=pkg/run.py\ncallable = app\nmanage-script-name = true\n")

    assert toml(fates, "") == 'mount = "/shop"\napp = "pkg.run:app"\n'


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("supervisord.conf", "[x]\na = 1\n", "none of the files"),
        ("uwsgi.ini", "processes = 4\n", "no settings"),
        ("gunicorn.conf.py", "# nothing\n", "no settings"),
        ("gunicorn.conf.py", "bind = (\n", "gunicorn.conf.py:1: this is no Python"),
    ],
)
def test_a_file_that_can_not_be_adopted_is_refused_with_its_name(name: str, text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        read(name, text)


def test_a_file_that_can_not_be_python_is_refused() -> None:
    with pytest.raises(UsageError, match=r"gunicorn\.conf\.py"):
        read("gunicorn.conf.py", "workers = 3\0")
