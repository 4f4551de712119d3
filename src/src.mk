# The payload: what rcgo lays over the toolchain's runtime/cgo. tools/amalgamate makes one C file
# per platform out of the parts, so that a first build runs one compiler instead of twenty.

SRC_FILES := $(wildcard src/*/*.[chS] src/*/*.go src/abi/symbols.txt include/*.h)

$(BUILD)/payload/.stamp: $(SRC_FILES) tools/amalgamate
	tools/amalgamate $(BUILD)/payload
	@touch $@
