module runtime_cgo/test/victims

go 1.19
