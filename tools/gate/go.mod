module runtime_cgo/tools/gate

go 1.19
