# examples/examples.mk
