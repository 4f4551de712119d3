# What takes too long for `make test`: each part adds its target to soak's.

.PHONY: soak soak-exceptions soak-threads soak-dlclose

# A checkout of cgosymbolizer, to run beside ours.
CGOSYMBOLIZER ?=

# How long threads are churned.
SOAK_THREADS := 30m

soak: soak-cfi soak-symbolize soak-exceptions soak-threads soak-dlclose ## the tests that take hours

soak-exceptions: bin/rcgo
	test/integration/exceptions 20 10 $(CGOSYMBOLIZER)

$(BUILD)/test/threadsoak: bin/rcgo $(wildcard test/integration/scenarios/testdata/threadsoak/*)
	@mkdir -p $(@D)
	cd test/integration && GOFLAGS=-buildvcs=false ../../bin/rcgo build -o '$(abspath $@)' \
		./scenarios/testdata/threadsoak

soak-threads: $(BUILD)/test/threadsoak ## threads of Go and of C come and go, SOAK_THREADS=30m: nothing is left over
	$< $(SOAK_THREADS)

soak-dlclose: bin/rcgo ## libraries come and go under a profile for ten minutes
	test/integration/dlclose 600
