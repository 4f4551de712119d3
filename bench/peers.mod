module runtime_cgo/bench

go 1.19

require rcgo.example v0.0.0

require github.com/ebitengine/purego v0.10.1

replace rcgo.example => ../go
