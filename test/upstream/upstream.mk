# Runs Go's own suites with stock and with the drop-in. Results and copies of GOROOT are kept in the
# user's cache, see test/upstream/conformance -help. CONFORMANCE_FLAGS adds flags.

CONFORMANCE := $(BUILD)/upstream/conformance
CONFORMANCE_SOURCES := $(shell find test/upstream/conformance -type f)
CONFORMANCE_FLAGS ?=

$(CONFORMANCE): $(CONFORMANCE_SOURCES)
	@mkdir -p $(@D)
	cd test/upstream/conformance && GOFLAGS= GOWORK=off go build -buildvcs=false -o $(abspath $@) .

.PHONY: conformance conformance-short conformance-unit releases matrix

conformance: all $(CONFORMANCE) ## Go's own cgo suites on the machine's Go: 0 differences
	$(CONFORMANCE) -rcgo $(abspath bin/rcgo) $(CONFORMANCE_FLAGS)

conformance-short: all $(CONFORMANCE)
	$(CONFORMANCE) -rcgo $(abspath bin/rcgo) -short-list -tap $(CONFORMANCE_FLAGS)

conformance-unit:
	cd test/upstream/conformance && GOFLAGS= GOWORK=off go test .

# The Go versions that the go command downloads for a go.mod with 1.N.0.
releases: bin/rcgo ## the first release of each Go: a crash shows its C frames
	test/releases

# MATRIX_FLAGS= runs everything again. By default, stored results with the same command, Go, tools, kernel and
# runtime/cgo are used, so an interrupted matrix continues where it stopped.
MATRIX_FLAGS ?= -resume

matrix: all $(CONFORMANCE) ## the same and all build modes, on the first and newest release of each Go
	test/upstream/matrix $(CONFORMANCE) $(MATRIX_FLAGS) -rcgo $(abspath bin/rcgo) $(CONFORMANCE_FLAGS)
