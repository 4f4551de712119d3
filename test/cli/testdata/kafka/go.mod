module kafka

go 1.19
