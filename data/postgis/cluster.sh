#!/bin/sh
# A private PostgreSQL cluster with PostGIS, for one checkout or one test run.
#
#   cluster.sh install             install PostgreSQL and PostGIS if they are missing
#   cluster.sh install-pgrouting   install pgRouting for it if that is missing and to be had; only a test uses it
#   cluster.sh check               fail, and say so, if they are missing
#   cluster.sh start DIR [PORT]    make the cluster in DIR if needed, start it, print its URL
#   cluster.sh hold  DIR [PORT]    start, print the URL, stop and remove DIR when stdin ends
#   cluster.sh stop  DIR [MODE]    stop it; MODE as in pg_ctl: fast (default), smart, immediate
#
# The cluster listens on a socket in a directory that only its owner may enter;
# with PORT also on 127.0.0.1, by the password in DIR/password. Settings in
# CLUSTER_SETTINGS, lines of postgresql.conf, hold until the next start.
# Run by root it belongs to the user postgres, who must be able to reach it: a
# DIR below a closed home directory is kept under /var/tmp instead, and
# DIR/location says where.
set -eu
umask 022

say() { printf 'cluster: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

root() { [ "$(id -u)" = 0 ]; }

# owner runs a command as the user the cluster belongs to.
owner() {
  if root; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

# programs prints the directory of the newest server that has PostGIS: as
# Debian keeps them, several side by side, or else the one in the path.
programs() {
  for control in $(ls /usr/share/postgresql/*/extension/postgis.control 2>/dev/null | sort -Vr); do
    number=${control#/usr/share/postgresql/}
    bin=/usr/lib/postgresql/${number%%/*}/bin
    if [ -x "$bin/initdb" ]; then echo "$bin"; return; fi
  done
  share=$(pg_config --sharedir 2>/dev/null) && bin=$(pg_config --bindir) &&
    [ -f "$share/extension/postgis.control" ] && [ -x "$bin/initdb" ] && echo "$bin"
}

need_programs() {
  bin=$(programs) || fail "PostgreSQL with PostGIS is not installed; run: $0 install"
}

install_packages() {
  if programs >/dev/null; then return; fi
  command -v apt-get >/dev/null ||
    fail "PostgreSQL with PostGIS is missing and there is no apt-get; install both by your system's own means"
  as=
  if ! root; then
    command -v sudo >/dev/null ||
      fail "PostgreSQL with PostGIS is missing; as root run: apt-get install postgresql postgresql-postgis"
    as=sudo
  fi
  say "installing the packages postgresql and postgresql-postgis with ${as:+$as }apt-get"
  $as apt-get -q update >&2 || say "the package lists could not be refreshed; trying with the old ones"
  $as env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends postgresql postgresql-postgis >&2 ||
    fail "apt-get could not install PostgreSQL with PostGIS; see its message above"
  programs >/dev/null || fail "the packages are installed, but no PostgreSQL with PostGIS is found under /usr/lib/postgresql"
}

# install_pgrouting installs an independent router to compare with. Without it one
# test is skipped, so that it cannot be had is no failure.
install_pgrouting() {
  need_programs
  number=${bin#/usr/lib/postgresql/}
  number=${number%%/*}
  if [ -f "$("$bin/pg_config" --sharedir 2>/dev/null || echo "/usr/share/postgresql/$number")/extension/pgrouting.control" ]; then return; fi
  package=postgresql-$number-pgrouting
  command -v apt-get >/dev/null || { say "pgRouting is missing and there is no apt-get; the test that compares with it is skipped"; return; }
  as=
  root || as=sudo
  say "installing the package $package with ${as:+$as }apt-get"
  $as apt-get -q update >&2 || true
  $as env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "$package" >&2 ||
    say "$package cannot be installed; the test that compares with it is skipped"
}

# locate sets dir, the absolute DIR, and home, where the cluster is kept.
locate() {
  mkdir -p "$1" || fail "the directory $1 cannot be made"
  dir=$(cd "$1" && pwd -P)
  home=$dir
  if [ -f "$dir/location" ]; then
    home=$(cat "$dir/location")
  elif ! reachable "$dir" || [ ${#dir} -gt 80 ]; then
    home=/var/tmp/wangge-$(id -u)-$(printf %s "$dir" | cksum | cut -d' ' -f1)
    printf '%s\n' "$home" >"$dir/location"
    mkdir -p "$home"
    say "$dir is closed to the user postgres or too long for a socket's path; the cluster is kept in $home"
  fi
  [ ! -e "$home" ] || [ -O "$home" ] || fail "$home belongs to someone else; remove it or choose another directory"
}

# reachable says whether the owner can enter a directory.
reachable() { owner test -x "$1" && owner test -r "$1"; }

# make_cluster makes the cluster unless it is there.
make_cluster() {
  [ -f "$home/data/PG_VERSION" ] && return
  mkdir -p "$home"
  install -d -m 700 "$home/data" "$home/socket"
  password=$(od -An -N18 -tx1 /dev/urandom | tr -d ' \n')
  (umask 077 && printf '%s\n' "$password" >"$home/password")
  if root; then chown postgres: "$home/data" "$home/socket" "$home/password"; fi
  owner "$bin/initdb" -D "$home/data" -U wangge --pwfile="$home/password" \
    --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C >"$home/initdb.log" 2>&1 || {
    cat "$home/initdb.log" >&2
    rm -rf "$home/data"
    fail "the cluster could not be made in $home"
  }
  rm "$home/initdb.log"
  owner sh -c 'echo "include = '\''private.conf'\''" >>"$1/postgresql.conf"' sh "$home/data"
}

# settings writes the settings of this start.
settings() {
  {
    echo "unix_socket_directories = '$(printf %s "$home/socket" | sed "s/'/''/g")'"
    echo "port = ${1:-5432}"
    if [ -n "${1:-}" ]; then echo "listen_addresses = '127.0.0.1'"; else echo "listen_addresses = ''"; fi
    printf '%s\n' "${CLUSTER_SETTINGS:-}"
  } | owner sh -c 'cat >"$1/private.conf"' sh "$home/data"
}

running() { owner "$bin/pg_ctl" -D "$home/data" status >/dev/null 2>&1; }

psql_in() { owner "$bin/psql" -qAtX -h "$home/socket" -p "$port" -U wangge "$@"; }

# start_cluster starts the cluster unless it runs, and prints its URL.
start_cluster() {
  need_programs
  make_cluster
  if ! running; then
    settings "${1:-}"
    owner "$bin/pg_ctl" -D "$home/data" -l "$home/data/server.log" -w -t 60 start >/dev/null 2>&1 || {
      tail -n 20 "$home/data/server.log" >&2
      fail "the cluster in $home does not start; its log is $home/data/server.log"
    }
  fi
  port=$(sed -n 4p "$home/data/postmaster.pid")
  [ -n "$(psql_in -d postgres -c "SELECT 1 FROM pg_database WHERE datname = 'wangge'")" ] ||
    psql_in -d postgres -c "CREATE DATABASE wangge" -c "ALTER DATABASE wangge SET search_path = public, postgis"
  # In a URL, a path needs no escapes beyond these.
  socket=$(printf %s "$home/socket" | sed 's/%/%25/g; s/ /%20/g; s/&/%26/g; s/+/%2B/g; s/#/%23/g')
  echo "postgres://wangge@/wangge?host=$socket&port=$port"
}

stop_cluster() {
  need_programs
  if running; then owner "$bin/pg_ctl" -D "$home/data" -m "${1:-fast}" -w -t 60 stop >/dev/null; fi
}

# hold_cluster ends with its parent, whatever becomes of that: the parent
# holds the other end of stdin.
hold_cluster() {
  trap '' INT HUP TERM
  trap 'stop_cluster immediate; rm -rf "$home" "$dir"' EXIT
  start_cluster "${1:-}"
  cat >/dev/null
}

command=${1:-help}
case $command in
install) install_packages ;;
install-pgrouting) install_pgrouting ;;
check) need_programs ;;
start | stop | hold)
  [ $# -ge 2 ] || fail "$command needs a directory"
  locate "$2"
  "${command}_cluster" "${3:-}"
  ;;
*) sed -n '2,18s/^# \{0,1\}//p' "$0" ;;
esac
