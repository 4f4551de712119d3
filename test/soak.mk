# What takes too long for `make test`: each part adds its target to soak's.

.PHONY: soak soak-throws soak-threads soak-unloads

# A checkout of cgosymbolizer, to run beside ours.
CGOSYMBOLIZER ?=

# How long threads are churned.
SOAK_THREADS := 30m

soak: soak-cfi soak-symbolize soak-throws soak-threads soak-unloads ## the tests that take hours

soak-throws: bin/rcgo
	test/go/throws 20 10 $(CGOSYMBOLIZER)

$(BUILD)/test/threadsoak: bin/rcgo $(wildcard test/go/scenarios/testdata/threadsoak/*)
	@mkdir -p $(@D)
	cd test/go && GOFLAGS=-buildvcs=false ../../bin/rcgo build -o '$(abspath $@)' \
		./scenarios/testdata/threadsoak

soak-threads: $(BUILD)/test/threadsoak ## threads of Go and of C come and go, SOAK_THREADS=30m: nothing is left over
	$< $(SOAK_THREADS)

soak-unloads: bin/rcgo ## libraries come and go under a profile for ten minutes
	test/go/unloads 600
