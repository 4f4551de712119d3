module runtime_cgo/test

go 1.19

require runtime_cgo/test/compat v0.0.0

replace runtime_cgo/test/compat => ./compat
