#!/bin/bash
# Keeps one machine of the lab running: boot.sh NAME ROOT NETNS CGROUP...
name=$1 root=$2 netns=$3
shift 3
# systemd-nspawn ends with 133 where the machine asked for a reboot, and leaves it to us, since no machined is there to
# ask. Each machine gets cgroups of its own: two that are started from the same would share what nspawn makes under it.
# A rebooting machine leaves an empty tree behind, hence they are entered anew on each turn.
while :; do
  (
    for cgroup in "$@"; do
      mkdir -p "$cgroup"
      echo "$BASHPID" >"$cgroup/cgroup.procs"
    done
    SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 exec systemd-nspawn --quiet --boot --directory="$root" --machine="$name" \
      --register=no --keep-unit --network-namespace-path="/run/netns/$netns" --resolv-conf=off --timezone=off \
      --link-journal=no --console=pipe
  )
  [ $? = 133 ] || break
done
