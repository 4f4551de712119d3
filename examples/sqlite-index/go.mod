module example.com/sqlite-index

go 1.19
