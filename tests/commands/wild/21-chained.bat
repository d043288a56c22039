rem shape: commands joined by && and &
rem same: block

@netsh ipsec static add policy netbc "blocks file sharing" && @netsh ipsec static add filter block any me 445 TCP dstport=445
netsh ipsec static add filteraction deny action=block & netsh ipsec static add rule r445 netbc block deny || echo failed
netsh ipsec static show policy netbc >nul && netsh ipsec static set policy netbc assign=y
