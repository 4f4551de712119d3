module example.com/zstd-profile

go 1.19

require github.com/DataDog/zstd v1.5.7
