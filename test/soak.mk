# What takes too long for `make test`: each part adds its target to soak's.

.PHONY: soak soak-throws

# A checkout of cgosymbolizer, to run beside ours.
CGOSYMBOLIZER ?=

soak: soak-cfi soak-symbolize soak-throws ## the tests that take hours

soak-throws: bin/rcgo
	test/go/throws 20 10 $(CGOSYMBOLIZER)
