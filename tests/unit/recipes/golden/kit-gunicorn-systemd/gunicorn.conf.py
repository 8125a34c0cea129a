# shop.
import os
import sys
from urllib.parse import quote

RELEASE = '/srv/shop'
sys.path.insert(0, RELEASE)

wsgi_app = "run:application"
pidfile = '/run/shop/server.pid'
daemon = False
chdir = '/srv/shop/source'
# nginx speaks it with less work than HTTP, and what it says of the visitor can't be forged.
protocol = "uwsgi"
# A connection is for one request: one that is kept would stay with this release when the next one takes over.
keepalive = 0

workers = 4
worker_class = "sync"
# Connections that may wait; the socket that is passed on has its own number.
backlog = 128

# A worker that does not answer for so many seconds is killed and replaced.
timeout = 30
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
errorlog = '/srv/shop/logs/server.log'
loglevel = "warning"


def pre_request(worker, req):
    """Say what Gunicorn leaves out of what nginx tells it: who asks. And the path, which it takes for still quoted."""
    said = req.uwsgi_vars
    req.headers = [field for field in req.headers if field[0] != "X-REAL-IP"]
    req.headers.append(("X-REAL-IP", said.get("REMOTE_ADDR", "")))
    if "%" in req.path or not req.path.isascii():
        req.path = quote(req.path, encoding="latin-1")
