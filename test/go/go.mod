module runtime_cgo/scenarios

go 1.19
