module jit

go 1.19
