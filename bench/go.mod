module runtime_cgo/bench

go 1.19

require rcgo.example v0.0.0

replace rcgo.example => ../go
