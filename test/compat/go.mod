module runtime_cgo/test/compat

go 1.19
