"""Serves shop, by Waitress: one process, and threads."""

import logging
import os
import select
import signal
import socket
import sys
import time

sys.path.insert(0, '/srv/shop')
os.chdir('/srv/shop/source')

from waitress import create_server, wasyncore  # noqa: E402

from run import application as served  # noqa: E402

SOCKET = '/srv/shop/run/app.sock'
POLL = hasattr(select, "poll")  # Windows has none
DESCRIPTOR = 3  # where a socket that is passed on is, sd_listen_fds(3)
THREADS = 4
MERCY = 30  # seconds for the requests in flight when it is asked to end


def listener():
    """Return the socket: the one that is passed on, or else one of its own."""
    if not SOCKET:
        return socket.socket(fileno=DESCRIPTOR)
    if os.path.exists(SOCKET):
        os.unlink(SOCKET)
    made = socket.socket(socket.AF_UNIX)
    made.bind(SOCKET)
    os.chmod(SOCKET, 0o660)
    return made


class Stop:
    """At SIGTERM takes no more connections, answers those that there are, and ends."""

    def __init__(self):
        self.until = 0.0

    def begin(self, _number, _frame):
        self.until = self.until or time.monotonic() + MERCY
        server.pull_trigger()


with open('/srv/shop/run/server.pid', "w", encoding="ascii") as file:
    file.write(f"{os.getpid()}\n")
# That requests wait for a thread is not worth a line each.
logging.getLogger("waitress.queue").setLevel(logging.ERROR)
stop = Stop()
# Until it listens nobody waits for an answer: a SIGTERM ends it at once.
server = create_server(
    served,
    sockets=[listener()],
    threads=THREADS,
    backlog=128,
    connection_limit=max(100, 4 * THREADS),
    # The front has bounded what comes, and sends it whole; it hears nothing more of these errors than that it failed.
    channel_timeout=90,
    max_request_body_size=2**40,
    log_socket_errors=False,
    asyncore_use_poll=POLL,
    ident="",
)
signal.signal(signal.SIGTERM, stop.begin)
signal.signal(signal.SIGINT, stop.begin)

while not stop.until:
    wasyncore.loop(timeout=0.5, map=server._map, use_poll=POLL, count=1)
server.accepting = False
server.del_channel(server._map)
server.socket.close()
while server.active_channels and time.monotonic() < stop.until:
    wasyncore.loop(timeout=0.05, map=server._map, use_poll=POLL, count=1)
server.task_dispatcher.shutdown(timeout=1)
