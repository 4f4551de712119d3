# What takes too long for `make test`: each part adds its target to soak's.

.PHONY: soak soak-exceptions soak-threads soak-dlclose soak-stacks stack-oracles stack-matrix

# A checkout of cgosymbolizer, to run beside ours.
CGOSYMBOLIZER ?=

# How long threads are churned.
SOAK_THREADS := 30m

# How many stacks of other processes are read.
SOAK_STACKS := 1000000

soak: soak-cfi soak-symbolize soak-exceptions soak-threads soak-dlclose soak-stacks ## the tests that take hours

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

soak-stacks: bin/rcgo ## rcgo reads SOAK_STACKS=1000000 stacks of a busy program: none is wrong
	test/stack/soak $(SOAK_STACKS) "go build" "bin/rcgo build"
	CC=musl-gcc GOFLAGS='"-ldflags=-linkmode=external -extldflags=-static"' test/stack/soak 30000 "go build"
	CGO_CFLAGS='-O2 -g0 -fno-asynchronous-unwind-tables' test/stack/soak 30000 "go build"
	test/stack/steps 1 1000

stack-oracles: bin/rcgo ## the stacks of rcgo stack beside those of gdb, delve (DLV) and the Go runtime
	test/stack/oracles "go build" "bin/rcgo build"

stack-matrix: bin/rcgo ## rcgo stack on programs of every Go at hand (tools/toolchains patches), in each build mode
	test/stack/matrix
