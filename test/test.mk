# test/test.mk
