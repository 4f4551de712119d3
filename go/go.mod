module runtime_cgo

go 1.19
