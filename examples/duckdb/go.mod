module example.com/duckdb

go 1.24

replace rcgo.example => ../../go

require (
	github.com/duckdb/duckdb-go-bindings/lib/linux-amd64 v0.10506.0
	rcgo.example v0.0.0
)
