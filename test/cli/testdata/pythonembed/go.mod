module pythonembed

go 1.19
