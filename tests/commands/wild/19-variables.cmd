:: shape: names and ports in variables
:: same: block

@ECHO OFF
setlocal
SET POL=netbc
set "LIST=block"
set PORT=445
set CMD=netsh ipsec static
%CMD% add policy name=%pol% description="blocks file sharing" > nul
%CMD% add filter filterlist=%LIST% srcaddr=any dstaddr=me description=%PORT% protocol=TCP dstport=%PORT% >nul 2>&1
%CMD% add filteraction name=deny action=block
%CMD% add rule name=r%PORT% policy=%POL% filterlist=%LIST% filteraction=deny
%CMD% set policy name=%POL% assign=y
endlocal
