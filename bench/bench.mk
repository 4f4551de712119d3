# Every path on the stock half and on ours in one run. BENCHFLAGS: -go GOROOT, -rounds N, -quick,
# -run REGEXP, -cpu N, -purego.

BENCHFLAGS ?=

.PHONY: bench-stacks

bench: bin/rcgo ## stock beside ours, as a table in build/bench/report.md
	@mkdir -p $(BUILD)/bench
	cd bench && GOFLAGS=-buildvcs=false go build -o ../$(BUILD)/bench/bench . && ../$(BUILD)/bench/bench $(BENCHFLAGS)

bench-stacks: bin/rcgo ## rcgo stack beside eu-stack, gdb, pstack and delve on one process, as a table
	cd bench && GOFLAGS=-buildvcs=false go run ./stacks
