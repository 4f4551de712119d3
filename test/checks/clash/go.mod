module runtime_cgo/test/checks/clash

go 1.19
