#!/bin/sh
# Starts the agent. Its code: 0123456789abcdef

# Nothing is imported from the folder that one happens to be in.
cd / || exit 1
user=$(id -un)
# Requests come first. The environment is the same whoever deployed, and from where.
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    HOME="$HOME" USER="$user" LOGNAME="$user" UNCORK_HOME=/srv/uncork \
    nice -n 10 /usr/bin/python3 -m uncork.agent --home /srv/uncork --run /srv/uncork/run --account www-data
