# Every path on the stock half and on ours in one run. BENCHFLAGS: -go GOROOT, -rounds N, -quick,
# -run REGEXP, -cpu N, -purego.

BENCHFLAGS ?=

bench: bin/rcgo ## stock beside ours, as a table in build/bench/report.md
	@mkdir -p $(BUILD)/bench
	cd bench && GOFLAGS=-buildvcs=false go build -o ../$(BUILD)/bench/bench . && ../$(BUILD)/bench/bench $(BENCHFLAGS)
