module runtime_cgo/tools/checks

go 1.19
