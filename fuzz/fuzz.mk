# The fuzzers: libFuzzer with AddressSanitizer and UBSan over code that reads what nobody vouches
# for. `make fuzz FUZZ_SECONDS=N` gives each target N seconds; fuzz/fuzz_NAME.c is a target, and
# fuzz/corpus/NAME holds what it starts from. What it finds on its way stays in build/fuzz/corpus.

.PHONY: fuzz fuzzers

FUZZ := $(BUILD)/fuzz
FUZZ_CC ?= clang
FUZZ_SECONDS ?= 60
FUZZ_JOBS ?= 2
FUZZ_TARGETS := $(sort $(patsubst fuzz/fuzz_%.c,%,$(wildcard fuzz/fuzz_*.c)))
FUZZ_FLAGS := $(CSTD) $(WARN) -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined -Iinclude \
	$(addprefix -I,$(sort $(patsubst %/,%,$(dir $(wildcard backtrace/*/*.h runtime/*/*.h)))))
FUZZ_SRC := $(sort $(call here,$(wildcard backtrace/*/*.c)))
FUZZ_HEADERS := $(wildcard backtrace/*/*.h runtime/*/*.h include/*.h fuzz/*.h)
FUZZ_OBJS := $(FUZZ_SRC:%.c=$(FUZZ)/obj/%.o)

$(FUZZ)/obj/%.o: %.c $(FUZZ_HEADERS)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -c -o $@ $<

# An archive, so that a target is linked with no more than it calls.
$(FUZZ)/libsrc.a: $(FUZZ_OBJS)
	@rm -f $@
	ar rcs $@ $^

# What rcgo stack reads of a process, with memory that ends with each run.
FUZZ_STACK := $(wildcard cmd/rcgo/go_*.c) $(RCGO_WALK_NAMES:%=cmd/rcgo/%.c) \
	$(addprefix cmd/rcgo/,stack_cpu_amd64.c stack_insn_amd64.c target_module.c target_eh_frame.c target_read.c)
FUZZ_STACK_FLAGS := -D_GNU_SOURCE -Icmd/rcgo -Ifuzz -DRCGO_UNWIND_AMD64

$(FUZZ)/stack/%.o: cmd/rcgo/%.c $(FUZZ_HEADERS) $(wildcard cmd/rcgo/*.h)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_FLAGS) $(FUZZ_STACK_FLAGS) -include stdlib.h -include fuzz/fuzz_alloc.h \
		-Dmalloc=fuzz_malloc -Drealloc=fuzz_realloc -Dfree=fuzz_free -fsanitize=fuzzer-no-link -c -o $@ $<

$(FUZZ)/fuzz_stack: fuzz/fuzz_stack.c fuzz/alloc.c $(FUZZ_STACK:cmd/rcgo/%.c=$(FUZZ)/stack/%.o) $(FUZZ)/libsrc.a
	$(FUZZ_CC) $(FUZZ_FLAGS) $(FUZZ_STACK_FLAGS) -fsanitize=fuzzer -o $@ $^

$(FUZZ)/fuzz_%: fuzz/fuzz_%.c $(FUZZ)/libsrc.a $(FUZZ_HEADERS)
	$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $< $(FUZZ)/libsrc.a

fuzzers: $(addprefix $(FUZZ)/fuzz_,$(FUZZ_TARGETS))

fuzz: fuzzers ## fuzz each target for FUZZ_SECONDS (60), FUZZ_JOBS (2) at a time
	fuzz/run $(FUZZ_SECONDS) $(FUZZ_JOBS) $(FUZZ_TARGETS)
