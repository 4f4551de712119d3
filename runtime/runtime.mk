# The payload: what rcgo installs over the toolchain's runtime/cgo. tools/amalgamate makes a few C
# files out of the parts, so that a first build does not run a hundred compilers.

SRC_FILES := $(wildcard backtrace/*/*.[ch] runtime/*/*.[chsS] runtime/*/*.go runtime/abi/symbols.txt include/*.h)

$(BUILD)/payload/.stamp: $(SRC_FILES) tools/amalgamate
	tools/amalgamate $(BUILD)/payload
	@touch $@
