rem shape: long lines continued by carets
rem same: tunnel

netsh ipsec static add policy name="IPSec tunnel with gw" ^
  activatedefaultrule=no
netsh ipsec static add filter ^
  filterlist="NetA to NetB" ^
  srcaddr=10.1.0.0 srcmask=24 ^
  dstaddr=10.2.0.0 dstmask=24 mirrored=no
netsh ipsec static add filter filterlist="NetB to NetA" srcaddr=10.2.0.0 srcmask=24 ^
  dstaddr=10.1.0.0 dstmask=24 mirrored=no
netsh ipsec static add filteraction name="tunnel ESP" qmsec="ESP[3DES,SHA1]" 2>nul
netsh ipsec static add rule out "IPSec tunnel with gw" "NetA to NetB" "tunnel ESP" ^
  tunnel=198.51.100.1 psk="test key"
netsh ipsec static add rule in "IPSec tunnel with gw" "NetB to NetA" "tunnel ESP" ^
  tunnel=192.0.2.1 psk="test key"
netsh ipsec static set policy "IPSec tunnel with gw" assign=y
