module runtime_cgo/test/gates/clash

go 1.19
