rem shape: takes a policy away again; what is missing is named
rem same: empty
rem fails: 7

netsh ipsec static add policy netbc
netsh ipsec static set policy name=netbc assign=n
netsh ipsec static del policy name=nobody
netsh ipsec static del policy name=netbc
