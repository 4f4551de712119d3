module runtime_cgo/bench

go 1.19

require runtime_cgo v0.0.0

replace runtime_cgo => ../go
