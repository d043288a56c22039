#!/bin/sh
# Installs what the interop tests need (Debian packages), when it is not there yet. Needs root.
set -eu
missing=""
command -v tshark >/dev/null 2>&1 || missing="$missing tshark"
[ -z "$missing" ] && exit 0
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing >/dev/null
