# Unwind information of whole libraries, row by row: `make test` takes a few, `make soak` all there are.

CFI_ROWS := $(BUILD)/test/unwind
CFI_ROWS_SRC := $(wildcard backtrace/unwind/cfi_*.c) backtrace/unwind/dwarf_expr.c \
	backtrace/unwind/unwind_cache.c backtrace/unwind/stack_reader.c $(call here,$(wildcard backtrace/util/*.c))
CFI_ROWS_FLAGS := $(CSTD) $(WARN) -O2 -g -D_GNU_SOURCE= -Ibacktrace/unwind -Ibacktrace/util

.PHONY: cfi-rows soak-cfi

$(CFI_ROWS)/cfi_rows: test/unwind/cfi_rows.c $(CFI_ROWS_SRC) $(wildcard backtrace/unwind/*.h)
	@mkdir -p $(@D)
	$(CC) $(CFI_ROWS_FLAGS) -o $@ $(filter %.c,$^)

# Static, so that it needs no root of that system; it runs in an emulator.
$(CFI_ROWS)/cfi_rows_arm64: test/unwind/cfi_rows.c $(CFI_ROWS_SRC) $(wildcard backtrace/unwind/*.h)
	@mkdir -p $(@D)
	aarch64-linux-gnu-gcc $(CFI_ROWS_FLAGS) -static -o $@ $(filter %.c,$^)

cfi-rows: $(CFI_ROWS)/cfi_rows $(if $(shell command -v aarch64-linux-gnu-gcc),$(CFI_ROWS)/cfi_rows_arm64)

soak-cfi: cfi-rows
	test/unwind/run all
