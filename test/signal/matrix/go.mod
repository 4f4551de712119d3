module runtime_cgo/test/signal/matrix

go 1.19

require runtime_cgo/test/victims v0.0.0

replace runtime_cgo/test/victims => ../../victims
