rem shape: routes and packet filters by position, as RRAS scripts have them
rem same: routes

netsh routing ip add persistentroute 172.16.0.0 255.240.0.0 External 192.0.2.254 metric=5
netsh routing ip add filter External INPUT 10.2.0.0 255.255.255.0 10.1.0.0 255.255.255.0 ANY
netsh routing ip set filter name="External" filtertype=input action=drop
