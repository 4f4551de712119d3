# The payload: what rcgo lays over the toolchain's runtime/cgo. tools/amalgamate makes a few C
# files per platform out of the parts, so that a first build does not run twenty compilers.

SRC_FILES := $(wildcard src/*/*.[chsS] src/*/*/*.[chsS] src/*/*.go src/abi/symbols.txt include/*.h)

$(BUILD)/payload/.stamp: $(SRC_FILES) tools/amalgamate
	tools/amalgamate $(BUILD)/payload
	@touch $@
