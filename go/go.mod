module rcgo.example

go 1.19
