# The examples, built and tested by the rcgo of this tree.

.PHONY: test-examples example example-duckdb crash-handler

# Always handed to the go command, which knows better what is out of date: another Go may be in
# PATH than the last time. Not stamped with the state of the repository, which is no business of an
# example and fails in a checkout that belongs to somebody else.
example: bin/rcgo ## build the main example
	@mkdir -p $(BUILD)
	cd examples/sqlite-index && ../../bin/rcgo build -buildvcs=false -o ../../$(BUILD)/sqlite-index .

# With the C library alone: no Go is in it.
crash-handler: $(BUILD)/crash-handler ## build the example of a plain C program on backtrace/
$(BUILD)/crash-handler: examples/crash-handler/crash.c $(BACKTRACE)/librcgo_backtrace.a
	$(CC) $(CSTD) $(WARN) -O2 -g -Ibacktrace/include $(CFLAGS) -o $@ $^

test-examples: bin/rcgo crash-handler ## the examples' own tests
	examples/test

example-duckdb: bin/rcgo ## queries of DuckDB that a context ends; fetches 130 MB from the module proxy
	examples/duckdb/test

clients: bin/rcgo ## real clients from the module proxy: their tests, stock and on the drop-in
	@mkdir -p $(BUILD)
	cd test/modules && go build -buildvcs=false -o ../../$(BUILD)/clients.bin .
	$(BUILD)/clients.bin -rcgo bin/rcgo -work $(BUILD)/clients
