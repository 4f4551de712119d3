module example.com/privileges

go 1.24.0

replace rcgo.example => ../../go

require (
	github.com/landlock-lsm/go-landlock v0.8.1
	kernel.org/pub/linux/libs/security/libcap/cap v1.2.77
	kernel.org/pub/linux/libs/security/libcap/psx v1.2.77
	rcgo.example v0.0.0
)

require golang.org/x/sys v0.40.0 // indirect
