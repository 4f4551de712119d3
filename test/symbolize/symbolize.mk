# The symbolizer as a program, for the differential test and the benchmark.

SYMBOLIZE := $(BUILD)/test/symbolize
SYMBOLIZE_SRC := $(call here,$(wildcard backtrace/symbolize/*.c backtrace/unwind/module*.c backtrace/unwind/stack_reader.c \
	backtrace/util/*.c))

$(CURDIR)/$(SYMBOLIZE)/%: test/symbolize/frames/%.c $(SYMBOLIZE_SRC) $(wildcard backtrace/*/*.h runtime/*/*.h)
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(WARN) -O2 -g -Iinclude $(addprefix -I,$(patsubst %/,%,$(wildcard backtrace/*/ runtime/*/))) \
		-ffunction-sections -Wl,--gc-sections -o $@ $< $(SYMBOLIZE_SRC)

.PHONY: soak-symbolize

# All ways to compile, and the debug files of this machine.
soak-symbolize:
	test/symbolize/run -long $$(find /usr/lib/debug -name '*.debug' -size +64k 2>/dev/null)
