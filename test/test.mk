# The tests: `make test` runs all suites, `make unit` builds the unit tests alone.
#
# Unit tests are built in variants, each in build/test/unit/VARIANT: gcc, asan (with UBSan), tsan, on other
# machines arm64, which runs in an emulator, and by make test-more clang. Each source file is compiled on its own; the linker
# lets the tests inject faults into the calls of libc.

.PHONY: test test-more unit

UNIT := $(BUILD)/test/unit
UNIT_HOST_ARCH := $(patsubst aarch64,arm64,$(patsubst x86_64,amd64,$(shell uname -m)))
UNIT_VARIANTS := gcc asan tsan $(if $(filter-out arm64,$(UNIT_HOST_ARCH)),\
	$(if $(shell command -v aarch64-linux-gnu-gcc),arm64))

UNIT_CC_gcc := gcc
UNIT_CC_clang := clang
UNIT_CC_asan := gcc
UNIT_CC_tsan := gcc
UNIT_CC_arm64 := aarch64-linux-gnu-gcc
UNIT_FLAGS_gcc := -O2
UNIT_FLAGS_clang := -O2
UNIT_FLAGS_asan := -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined
UNIT_FLAGS_tsan := -O1 -fsanitize=thread
# Pointer authentication and guarded pages (guarded_pages_arm64.c), where the stub that binds functions when they
# are called first has no landing pad: hence -z now.
UNIT_FLAGS_arm64 := -O2 -mbranch-protection=standard
UNIT_LINK_arm64 := -Wl,-z,now

UNIT_ARCH_gcc := $(UNIT_HOST_ARCH)
UNIT_ARCH_clang := $(UNIT_HOST_ARCH)
UNIT_ARCH_asan := $(UNIT_HOST_ARCH)
UNIT_ARCH_tsan := $(UNIT_HOST_ARCH)
UNIT_ARCH_arm64 := arm64

# Variants that only `make test-more` builds: CPUs that an emulator runs, or this machine.
UNIT_CC_386 := i686-linux-gnu-gcc
UNIT_CC_riscv64 := riscv64-linux-gnu-gcc
UNIT_CC_s390x := s390x-linux-gnu-gcc
UNIT_OTHER_CPUS := 386 riscv64 s390x
UNIT_CPUS := $(foreach cpu,$(UNIT_OTHER_CPUS),$(if $(shell command -v $(UNIT_CC_$(cpu))),$(cpu)))
# Runs natively without a 32-bit libc in /lib.
UNIT_LINK_386 := -no-pie -Wl,-dynamic-linker,/usr/i686-linux-gnu/lib/ld-linux.so.2 -Wl,-rpath,/usr/i686-linux-gnu/lib
# Those that report by unit_tap.c, because there is no cmocka for their CPU.
UNIT_TAP := arm64 $(UNIT_CPUS)
UNIT_SUFFIXES := $(addsuffix .c,amd64 arm64)

# The tests that mean something under TSAN: those with threads.
UNIT_TSAN_TESTS := test_init_barrier test_hooks test_sigaction_handler test_thread_start test_prespawn test_bindm

# The handler-safety test is an allocator of its own, which AddressSanitizer is too.
# Interposition is not compiled there.
UNIT_NOT_asan := test_file_window test_symbol_lookup test_symbolize_names test_async_safety test_interpose test_signal_chain test_signal_dump test_rescan test_altstack test_signal_mask

# Signals are not interposed there.
$(foreach cpu,$(UNIT_OTHER_CPUS),$(eval UNIT_ARCH_$(cpu) := $(cpu))$(eval UNIT_FLAGS_$(cpu) := -O2 -DRCGO_WITHOUT_SIGNALS))
$(foreach cpu,$(UNIT_OTHER_CPUS),$(eval UNIT_NOT_$(cpu) := test_async_safety test_interpose test_interpose_mask test_signal_dump \
	test_rescan test_altstack test_signal_mask test_symbol_lookup))
# Their data, or the programs that they look at, are of 64 bits.
UNIT_64 := test_cfi test_cfi_fast test_cfi_find test_generation
UNIT_NOT_386 += $(UNIT_64) test_target test_symbolize_names
# Go does not call x_cgo_sigaction there.
$(foreach cpu,riscv64 s390x,$(eval UNIT_NOT_$(cpu) += test_sigaction test_sigaction_handler))
# Their data is that of CPUs whose words begin with the lowest byte.
UNIT_NOT_s390x += test_cfi test_cfi_fast test_cfi_find test_target

UNIT_TESTS := $(sort $(notdir $(basename $(wildcard test/unit/test_*.c))))
UNIT_SRC := $(call here,$(wildcard backtrace/*/*.c runtime/*/*.c))
UNIT_CFLAGS := $(CSTD) $(WARN) -MMD -MP -g -fno-omit-frame-pointer -fasynchronous-unwind-tables -pthread \
	-Iinclude -Itest/unit $(addprefix -I,$(patsubst %/,%,$(wildcard backtrace/*/ runtime/*/)))
UNIT_WRAPPED := pthread_create pthread_getattr_np pthread_key_create malloc free mmap madvise \
	sigaction rcgo__lookup_next read write open nanosleep clock_gettime setenv unsetenv
comma := ,
UNIT_LDFLAGS := -pthread -rdynamic $(addprefix -Wl$(comma)--wrap=,$(UNIT_WRAPPED))

UNIT_MAKEFILES := test/test.mk # has the flags

# $(call UNIT_VARIANT,VARIANT): the rules of one variant.
define UNIT_VARIANT
$(1)_OBJS := $$(patsubst %.c,$(UNIT)/$(1)/obj/%.o,$(filter-out $(if $(filter $(UNIT_CPUS),$(1)),runtime/heap/%) $(addprefix %_,$(filter-out $(UNIT_ARCH_$(1)).c,$(UNIT_SUFFIXES))),$(UNIT_SRC))) \
	$(UNIT)/$(1)/obj/runtime/arch/gcc_rcgo_$(UNIT_ARCH_$(1)).o $(UNIT)/$(1)/regs_probe_$(UNIT_ARCH_$(1)).o \
	$(patsubst %,$(UNIT)/$(1)/%.o,unit unit_shell unit_tools inject go_standin allthreads_tools \
		$(if $(filter $(UNIT_TAP),$(1)),unit_tap,unit_cmocka) $(if $(filter arm64,$(1)),guarded_pages_arm64))
$(1)_TESTS := $$(addprefix $(UNIT)/$(1)/,$(if $(filter tsan,$(1)),$(UNIT_TSAN_TESTS),\
		$(filter-out $(UNIT_NOT_$(1)),$(UNIT_TESTS))))

$(UNIT)/$(1)/obj/%.o: %.c $(UNIT_MAKEFILES)
	@mkdir -p $$(@D)
	$(UNIT_CC_$(1)) $(UNIT_CFLAGS) $(UNIT_FLAGS_$(1)) -c -o $$@ $$<
$(UNIT)/$(1)/obj/%.o: %.S $(UNIT_MAKEFILES)
	@mkdir -p $$(@D)
	$(UNIT_CC_$(1)) $(UNIT_CFLAGS) -c -o $$@ $$<
$(UNIT)/$(1)/%.o: test/unit/%.c $(UNIT_MAKEFILES)
	@mkdir -p $$(@D)
	$(UNIT_CC_$(1)) $(UNIT_CFLAGS) $(UNIT_FLAGS_$(1)) -c -o $$@ $$<
$(UNIT)/$(1)/%.o: test/unit/%.S $(UNIT_MAKEFILES)
	@mkdir -p $$(@D)
	$(UNIT_CC_$(1)) $(UNIT_CFLAGS) -c -o $$@ $$<
$(UNIT)/$(1)/test_async_safety: $(UNIT)/$(1)/async_safety_traps.o
$$($(1)_TESTS): %: %.o $$($(1)_OBJS)
	$(UNIT_CC_$(1)) $(UNIT_FLAGS_$(1)) $(UNIT_LDFLAGS) $(UNIT_LINK_$(1)) -o $$@ $$^ $(if $(filter $(UNIT_TAP),$(1)),,-lcmocka)
.PHONY: unit-$(1)
unit-$(1): $$($(1)_TESTS)
-include $$(patsubst %.o,%.d,$$($(1)_OBJS) $$(addsuffix .o,$$($(1)_TESTS)))
endef
$(foreach variant,$(UNIT_VARIANTS) clang $(UNIT_CPUS),$(eval $(call UNIT_VARIANT,$(variant))))

unit: $(addprefix unit-,$(UNIT_VARIANTS)) ## build the unit tests

test: all unit stress ## run all tests; the last line sums them
	test/run

# For some builds much is compiled that nothing else uses: the unit tests by clang; the standard library for MSan, for
# plugins, for -trimpath and for CPUs that only the Go module supports; SQLite at -O2.
test-more: all unit unit-clang $(addprefix unit-,$(UNIT_CPUS)) stress crash-handler ## the same with what ./check has no time for
	RCGO_TEST_MORE=1 test/run
	CGO_CFLAGS='-O2 -g' examples/test sqlite-crash sqlite-leak
