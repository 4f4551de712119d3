# The payload: what rcgo lays over the toolchain's runtime/cgo. tools/amalgamate makes a few C
# files per platform out of the parts, so that a first build does not run twenty compilers.

SRC_FILES := $(wildcard backtrace/*/*.[ch] runtime/*/*.[chsS] runtime/*/*.go runtime/abi/symbols.txt include/*.h)

# The compilers whose assembly it carries: a machine may get one for another CPU later.
.PHONY: compilers
compilers:
$(BUILD)/payload/.compilers: compilers
	@mkdir -p $(@D)
	@tools/amalgamate --compilers >$@.now
	@cmp -s $@.now $@ && rm $@.now || mv $@.now $@

$(BUILD)/payload/.stamp: $(SRC_FILES) tools/amalgamate $(BUILD)/payload/.compilers
	tools/amalgamate $(BUILD)/payload
	@touch $@
