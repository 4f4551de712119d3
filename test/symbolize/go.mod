module runtime_cgo/test/symbolize

go 1.19
