rem shape: netsh -c with the context in quotes
rem same: block

NETSH -c "ipsec static" add policy netbc "blocks file sharing"
netsh -c "ipsec static" add filter block any me 445 TCP dstport=445
netsh -c ipsec static add filteraction deny action=block
netsh /c "ipsec static" add rule r445 netbc block deny
netsh.exe -c "ipsec static" set policy netbc assign=y
