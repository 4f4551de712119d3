module example.com/from-c

go 1.19

replace rcgo.example => ../../go

require rcgo.example v0.0.0
