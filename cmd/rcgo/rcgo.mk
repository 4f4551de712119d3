# cmd/rcgo/rcgo.mk
