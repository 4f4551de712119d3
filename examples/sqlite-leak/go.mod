module example.com/sqlite-leak

go 1.19

replace rcgo.example => ../../go

require (
	github.com/mattn/go-sqlite3 v1.14.24
	rcgo.example v0.0.0
)
