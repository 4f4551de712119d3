module tworuntimes

go 1.19
