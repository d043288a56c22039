"""`ipsecsh agent unit`: the systemd unit, with this program's own path.

An own user, three capabilities, and of the rest of the system only what the agent needs.
"""

import os
import shutil
import sys

UNIT = """\
# Written by: ipsecsh agent unit > /etc/systemd/system/ipsecsh.service
[Unit]
Description=ipsecsh, an IPsec tunnel gateway (IKEv1, ESP, AH)
Documentation=https://datatracker.ietf.org/doc/html/rfc2401
Wants=network-online.target
After=network-online.target nftables.service

[Service]
Type=notify
ExecStart={program} agent run
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=1
TimeoutStopSec=10

# An own user, made for the service; its store is /var/lib/ipsecsh, its socket /run/ipsecsh.
DynamicUser=yes
User=ipsecsh
StateDirectory=ipsecsh
StateDirectoryMode=0700
RuntimeDirectory=ipsecsh
RuntimeDirectoryMode=0755
UMask=0077

# TUN device, routes, rules, filter table; ESP, AH and captures; UDP port 500.
AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BIND_SERVICE
NoNewPrivileges=yes

DevicePolicy=closed
DeviceAllow=/dev/net/tun rw
RestrictAddressFamilies=AF_INET AF_NETLINK AF_PACKET AF_UNIX
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
LimitNOFILE=4096

[Install]
WantedBy=multi-user.target
"""


def unit() -> str:
    """The unit's text."""
    program = os.path.abspath(shutil.which(sys.argv[0]) or sys.argv[0])  # systemd wants it whole
    return UNIT.format(program=program)
