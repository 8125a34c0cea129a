# guestbook, release 12. It names no socket: that is passed on by the supervisor, as by systemd.
import os
import sys
from urllib.parse import quote

RELEASE = '/srv/uncork/apps/guestbook/releases/12'
sys.path.insert(0, RELEASE)

wsgi_app = "uncork_runtime.application:load()"
chdir = '/srv/uncork/apps/guestbook/releases/12/source'
# nginx speaks it with less work than HTTP, and what it says of the visitor can't be forged.
protocol = "uwsgi"
# A connection is for one request: one that is kept would stay with this release when the next one takes over.
keepalive = 0

# As many as `uncork scale` says, or the config.
workers = int(os.environ["UNCORK_PROCESSES"])
worker_class = "sync"
# Connections that may wait; the socket that is passed on has its own number.
backlog = 4096

# A worker that says nothing for so many seconds is killed and replaced. run.py looks after each request, and sooner; this
# is for one that holds the interpreter, where nothing of Python runs.
timeout = 35
# Seconds that a worker which is asked to end has for its last requests.
graceful_timeout = 30
# What leaks slowly is bounded; run.py looks how large a worker is.
max_requests = 100000
max_requests_jitter = 10000
# Heartbeats are changes of a file's time, and a disk may be slow.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
# Nobody asks it anything, and it would lie in the home of the account.
control_socket_disable = True

# The front keeps the access log. What is said goes to standard error, which is the server's log.
accesslog = None
errorlog = "-"
loglevel = "warning"


def on_starting(server):
    """Import what each worker would, as far as it only defines things: workers start sooner, and share its memory."""
    import uncork_runtime.preload  # noqa: F401
    import flask  # noqa: F401
    import sqlalchemy  # noqa: F401


def when_ready(server):
    """Tell the pid; open the log again at SIGWINCH."""
    from uncork_runtime import master

    master.begin('/srv/uncork/apps/guestbook/logs/server.log')


def post_fork(server, worker):
    """Die with the master: the next one brings workers of its own."""
    from uncork_runtime import master

    master.follow(server.pid)


def pre_request(worker, req):
    """Say what Gunicorn leaves out of what nginx tells it: who asks. And the path, which it takes for still quoted."""
    said = req.uwsgi_vars
    req.headers = [field for field in req.headers if field[0] != "X-REAL-IP"]
    req.headers.append(("X-REAL-IP", said.get("REMOTE_ADDR", "")))
    if "%" in req.path or not req.path.isascii():
        req.path = quote(req.path, encoding="latin-1")
