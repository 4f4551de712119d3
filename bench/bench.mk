# Measures every path with the stock runtime/cgo and with ours in one run. BENCHFLAGS: -go GOROOT,
# -rounds N, -quick, -run REGEXP, -cpu N, -purego.

BENCHFLAGS ?=

.PHONY: bench-stacks

bench: bin/rcgo ## stock beside ours, as a table in build/bench/report.md
	@mkdir -p $(BUILD)/bench
	cd bench && GOFLAGS=-buildvcs=false go build -o ../$(BUILD)/bench/bench . && ../$(BUILD)/bench/bench $(BENCHFLAGS)

bench-stacks: bin/rcgo ## rcgo stack beside eu-stack, gdb, pstack and delve on one process, as a table
	cd bench && GOFLAGS=-buildvcs=false go run ./stacks

# Heap profiling beside plain Go and beside other heap profilers, in one run. It builds SQLite,
# tree-sitter and zstd from the Go modules of these names. BENCHFLAGS: -rounds N, -load REGEXP,
# -side REGEXP, -peers=false.
bench-heap: bin/rcgo ## the cost of heap profiling, and its numbers, beside other profilers
	cd bench/heap && go vet ./... && GOFLAGS=-buildvcs=false go build -o ../../$(BUILD)/bench/heap/bench . && \
		../../$(BUILD)/bench/heap/bench $(BENCHFLAGS)
