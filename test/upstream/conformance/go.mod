module runtime_cgo/test/upstream/conformance

go 1.19
