# What a machine is, and what is on it: a line a thing, its words parted by tabs. Run as root, with the paths that are
# looked at as arguments; nothing is changed.
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
tab=$(printf '\t')
say() { one=$1; shift; for word; do one="$one$tab$word"; done; printf '%s\n' "$one"; }

say name "$(uname -n)"
( . /etc/os-release; say id "$ID"; say version "$VERSION_ID"; say title "$PRETTY_NAME" ) 2>/dev/null
say machine "$(uname -m)"
say libc "$(getconf GNU_LIBC_VERSION 2>/dev/null)"
[ -d /run/systemd/system ] && say systemd yes

# The machine's own is the one that its links lead to; a newer release of the system may bring another.
for python in /usr/bin/python3 $(ls -r /usr/bin/python3.[0-9]* /usr/local/bin/python3.[0-9]* 2>/dev/null); do
  case $python in *[!0-9a-z/.]*) continue ;; esac
  real=$(readlink -f "$python") && [ -x "$real" ] || continue
  version=$("$real" -I -c 'import platform; print(platform.python_version())' 2>/dev/null) || continue
  "$real" -I -c 'import ctypes, json, lzma, sqlite3, ssl, xmlrpc.client' 2>/dev/null && whole=yes || whole=no
  say python "$real" "$version" "$whole"
done

for program in nginx logrotate apt-get; do
  where=$(command -v $program) && say program $program "$where"
done
for unit in nginx.service uncork-agent.service; do
  say unit $unit "$(systemctl is-enabled $unit 2>/dev/null)" "$(systemctl is-active $unit 2>/dev/null)"
done
for folder in /opt /var/lib /etc; do
  say free $folder "$(df -Pk $folder | awk 'NR == 2 { print $4 }')"
done
getent passwd | awk -F: -v OFS='\t' '$1 ~ /^uncork(-|$)/ { print "account", $1, $3, $5, $6 }'
getent group | awk -F: -v OFS='\t' '$1 ~ /^uncork(-|$)/ { print "group", $1 }'
ls /var/lib/uncork/apps 2>/dev/null | awk -v OFS='\t' '{ print "app", $0 }'
[ -n "$(ls -A /var/lib/uncork 2>/dev/null)" ] && say home yes
[ -e /var/lib/uncork/down ] && say down yes
ls /opt/uncork 2>/dev/null | awk -v OFS='\t' '/^[0-9a-f]*$/ { print "bundle", $0 }'
for site in /etc/nginx/sites-enabled/* /etc/nginx/conf.d/*.conf; do
  [ -e "$site" ] || continue
  case ${site##*/} in zz-uncork* | uncork-balancer-*) say own-site "$site" ;; default) ;; *) say site "$site" ;; esac
done
# Who listens on port 80, as ss(8) has it: users:(("apache2",pid=1,fd=4))
say port "$(ss -Hltnp 'sport = :80' 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)".*/\1/p' | head -n 1)"
agent=$(systemctl show -P MainPID uncork-agent.service 2>/dev/null)
[ "${agent:-0}" -gt 0 ] && say agent "$(sed -n 's|.*/opt/uncork/\([0-9a-f]*\)/.*|\1|p' "/proc/$agent/maps" | head -n 1)"

for path; do
  if [ -L "$path" ]; then kind=link content=$(readlink "$path")
  elif [ -f "$path" ]; then kind=file content=$(sha256sum < "$path" | cut -d ' ' -f 1)
  elif [ -d "$path" ]; then kind=folder content=
  elif [ -e "$path" ]; then kind=other content=
  else continue
  fi
  say path "$path" "$kind" $(stat -c '%a' "$path") "$(stat -c '%U' "$path")" "$content"
done
exit 0
