module javahost

go 1.19
