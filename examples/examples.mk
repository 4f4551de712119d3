# The examples, built and tested by the rcgo of this tree.

.PHONY: test-examples

EXAMPLE_FILES = $(wildcard examples/sqlite-index/*.go examples/sqlite-index/*.[ch])

# Not stamped with the state of the repository: that is no business of an example, and fails in a
# checkout that belongs to somebody else.
$(BUILD)/sqlite-index: bin/rcgo $(EXAMPLE_FILES)
	@mkdir -p $(BUILD)
	cd examples/sqlite-index && ../../bin/rcgo build -buildvcs=false -o '../../$@' .

run: $(BUILD)/sqlite-index ## run the main example
	$(BUILD)/sqlite-index -expect rcgo

test-examples: bin/rcgo ## the examples' own tests
	examples/test

clients: bin/rcgo ## real clients from the module proxy: their tests, stock and on the drop-in
	@mkdir -p $(BUILD)
	cd test/clients && go build -buildvcs=false -o ../../$(BUILD)/clients.bin .
	$(BUILD)/clients.bin -rcgo bin/rcgo -work $(BUILD)/clients
