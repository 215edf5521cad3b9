# Installs Debian packages, as root, without starting a service: Debian asks policy-rc.d before it starts one, and 101
# is its no. An answer that somebody else gave already is never changed.
set -eu
policy=/usr/sbin/policy-rc.d
mark='# Written by cargo xtask for the time of one installation.'

if [ -e "$policy" ] && ! grep -qsF "$mark" "$policy"; then
    for package in "$@"; do
        answer=0
        "$policy" "$package" start >/dev/null 2>&1 || answer=$?
        if [ "$answer" -ne 101 ]; then
            echo "$policy lets services start: install by hand: apt-get install $*" >&2
            exit 1
        fi
    done
else
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' HUP INT TERM
    printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
    chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
apt-get -q update || echo 'the package lists could not be refreshed; trying with those that are here' >&2
apt-get -q -y --no-install-recommends install "$@" </dev/null

# Not at the next boot either: the tests start servers of their own.
if command -v systemctl >/dev/null; then
    for service in rabbitmq-server postgresql; do
        case " $* " in *" $service "*) systemctl --quiet disable "$service" >/dev/null 2>&1 || true ;; esac
    done
fi
