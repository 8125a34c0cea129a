#!/bin/sh
# Starts front. supervisord passes the listening socket as standard input, and the process's number as $1.

# The environment is the same whoever deployed, and from where.
run() {
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
        HOME="$HOME" USER="$user" LOGNAME="$user" UNCORK_HOME=/srv/uncork UNCORK_RUN=/srv/uncork/run/_front \
        "$@"
}
user=$(id -un)
cd /srv/uncork/front || exit 1

# Only holds the socket, so that a server which crashes loses no connection that waits.
if [ "$1" = 1 ]; then
    ulimit -c 0
    run sleep 2147483647
fi

# Workers of a master that was killed serve on, with the config of then: they are to finish. Apache's have the port too.
master=$(cat /srv/uncork/run/_front/nginx.pid 2>/dev/null)
if [ -n "$master" ] && [ ! -d "/proc/$master" ]; then
    for stat in /proc/[0-9]*/stat; do
        { read -r pid name _ _ group _; } 2>/dev/null <"$stat" || continue
        [ "$group" = "$master" ] || continue
        case "$name" in
            "(nginx)") kill -QUIT "$pid" ;;
            "(apache2)" | "(httpd)") kill -KILL "$pid" ;;
        esac
    done
fi
# The socket goes where systemd would put it, sd_listen_fds(3); what the server starts has nothing to read.
exec 3<&0 </dev/null
# supervisord's sockets block. Two workers of nginx wake for one connection, and the later would wait in accept(2) for the
# next one, deaf to its visitors and to its master. dd(1) is the one program of a shell that can set O_NONBLOCK.
dd iflag=nonblock count=0 <&3 >/dev/null 2>&1
# nginx would take the processor from a server at each of its answers, 12,000 times a second; as a batch process it takes
# several answers at once, which saves 25 to 45 us a request.
batch=
chrt --batch 0 true 2>/dev/null && batch='chrt --batch 0'
run LISTEN_FDS=1 LISTEN_PID=$$ \
    NGINX='3;' \
    $batch /opt/nginx -c /srv/uncork/front/nginx.conf 
