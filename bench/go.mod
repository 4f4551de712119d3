module runtime_cgo/bench

go 1.19
