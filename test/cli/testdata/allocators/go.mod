module allocators

go 1.19
