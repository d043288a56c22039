rem shape: conditions and labels, which are named and never guessed
rem same: block
rem fails: 6 8 9 10 15 16

@echo off
if "%1"=="/u" goto undo
netsh ipsec static add policy netbc "blocks file sharing"
if errorlevel 1 (
  echo it exists
  netsh ipsec static delete policy all)
netsh ipsec static add filter block any me 445 TCP dstport=445
netsh ipsec static add filteraction deny action=block
netsh ipsec static add rule r445 netbc block deny
netsh ipsec static set policy netbc assign=y
goto end
copy nul done.txt
:undo
:end
