#!/bin/sh
# Starts guestbook.12.1. supervisord passes the listening socket as standard input, and the process's number as $1.

# The environment is the same whoever deployed, and from where.
run() {
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
        HOME="$HOME" USER="$user" LOGNAME="$user" UNCORK_HOME=/srv/uncork UNCORK_RUN=/srv/uncork/run/guestbook/12.1/own \
        "$@"
}
user=$(id -un)
cd /srv/uncork/apps/guestbook/releases/12/source || exit 1

# Only holds the socket, so that a server which crashes loses no connection that waits.
if [ "$1" = 1 ]; then
    ulimit -c 0
    run sleep 2147483647
fi

exec >>/srv/uncork/apps/guestbook/logs/server.log 2>&1
# The socket goes where systemd would put it, sd_listen_fds(3); what the server starts has nothing to read.
exec 3<&0 </dev/null
# supervisord's sockets block. Two workers of nginx wake for one connection, and the later would wait in accept(2) for the
# next one, deaf to its visitors and to its master. dd(1) is the one program of a shell that can set O_NONBLOCK.
dd iflag=nonblock count=0 <&3 >/dev/null 2>&1
run LISTEN_FDS=1 LISTEN_PID=$$ \
    UNCORK_APP=guestbook \
    UNCORK_RELEASE=12 \
    UNCORK_ENV=production \
    GREETING='it'"'"'s $HOME `id` "%d"
and ; more' \
    /srv/venv/bin/uwsgi --ini /srv/uncork/apps/guestbook/releases/12/uwsgi.ini 
