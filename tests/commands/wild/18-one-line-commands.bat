rem shape: a batch file, each line a whole netsh command
rem same: block

@echo off
netsh ipsec static add policy name=netbc description="blocks file sharing"
netsh ipsec static add filterlist name=block
netsh ipsec static add filter filterlist=block srcaddr=any dstaddr=me description=445 protocol=TCP dstport=445
netsh ipsec static add filteraction name=deny action=block
netsh ipsec static add rule name=r445 policy=netbc filterlist=block filteraction=deny
netsh ipsec static set policy name=netbc assign=y
pause
exit
