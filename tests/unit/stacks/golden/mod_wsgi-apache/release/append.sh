#!/bin/sh
# Appends what it is told to a log, which is opened for each line: so it may be renamed.
exec >/dev/null 2>&1
while IFS= read -r line; do
    printf '%s\n' "$line" >>"$1"
done
