#!/bin/sh
# Installs what the interop tests need (Debian packages), when it is not there yet. Needs root.
# strongSwan itself is never installed: tests/support/live/roots.py unpacks it in a cache folder.
set -eu
missing=""
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need tshark tshark
need tcpdump tcpdump
need nft nftables
need ip iproute2
need ping iputils-ping
need iperf3 iperf3
need sysctl procps
need zsh zsh
need ssh openssh-client
need perl perl
[ -z "$missing" ] && exit 0
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing >/dev/null
