#!/usr/bin/env bash
# Installs from Debian what the interop and browser tests run against. Does nothing where all of it is there.
set -euo pipefail

declare -A package_of=(
  [transmission-daemon]=transmission-daemon [transmission-remote]=transmission-cli [aria2c]=aria2
  [qbittorrent-nox]=qbittorrent-nox [rtorrent]=rtorrent [opentracker]=opentracker [mktorrent]=mktorrent
  [chromium]=chromium [nginx]=nginx-light [redis-server]=redis-server [ip]=iproute2 [tc]=iproute2
  [curl]=curl [script]=bsdutils [openssl]=openssl [nft]=nftables [sysctl]=procps
  [miniupnpd]=miniupnpd-nftables [microsocks]=microsocks [tinyproxy]=tinyproxy [faketime]=faketime
)

missing=()
for command in "${!package_of[@]}"; do
  command -v "$command" >/dev/null 2>&1 || [ -x "/usr/sbin/$command" ] || missing+=("${package_of[$command]}")
done
/usr/bin/python3 -c 'import libtorrent' >/dev/null 2>&1 || missing+=(python3-libtorrent)
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
# Packages start their daemons on install; a policy of "no" keeps the machine's ports free for the tests.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod +x "$policy"
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null
