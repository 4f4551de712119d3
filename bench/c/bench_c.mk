# Benchmarks in C, each beside its peers in one run. ROUNDS: how often; the best round counts.

.PHONY: bench-unwind

BENCH_C := $(BUILD)/bench/c
ROUNDS ?= 300

$(BENCH_C)/bench_unwind: bench/c/bench_unwind.c $(call here,$(wildcard backtrace/util/*.c)) $(BUILD)/payload/.stamp
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(WARN) -O2 -g -fomit-frame-pointer -fasynchronous-unwind-tables -D_GNU_SOURCE \
		-Ibacktrace/util -DRCGO_BENCH_UNWIND='"rcgo_unwind_linux.c"' \
		-I$(BUILD)/payload -o $@ bench/c/bench_unwind.c $(call here,$(wildcard backtrace/util/*.c)) -ldl -pthread

bench-unwind: $(BENCH_C)/bench_unwind ## the unwinder beside libgcc, glibc and libunwind
	$(BENCH_C)/bench_unwind $(ROUNDS)

.PHONY: bench-symbolize

# LIB: a file with much debug information. The addresses are in its functions, the same in each run.
LIB ?= bin/rcgo
BENCH_LIBBACKTRACE := $(if $(shell printf '\#include <backtrace.h>\n' | $(CC) -E - 2>/dev/null),\
	-DRCGO_BENCH_LIBBACKTRACE -no-pie)

$(BENCH_C)/bench_symbolize: bench/c/bench_symbolize.c bench/c/bench_clock.h $(SYMBOLIZE_SRC) $(wildcard backtrace/*/*.h runtime/*/*.h)
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(WARN) -O2 -g -Iinclude $(addprefix -I,$(patsubst %/,%,$(wildcard backtrace/*/ runtime/*/))) \
		$(BENCH_LIBBACKTRACE) -ffunction-sections -Wl,--gc-sections -o $@ $< $(SYMBOLIZE_SRC) \
		$(if $(BENCH_LIBBACKTRACE),-lbacktrace)

bench-symbolize: $(BENCH_C)/bench_symbolize ## the symbolizer beside four others: LIB=FILE
	nm -S --defined-only $(LIB) | awk '$$3 ~ /^[tTwW]$$/ { print $$1, $$2 }' | sort -u | \
		shuf -n 1000 --random-source=$(LIB) | awk '{ print "0x" $$1 }' \
		>$(BENCH_C)/addresses
	$(BENCH_C)/bench_symbolize $(LIB) $(BENCH_C)/addresses
# libpsx (Debian: libcap-dev) is a peer where it is installed.
PSX_FLAGS := $(if $(wildcard /usr/include/sys/psx_syscall.h),-DWITH_PSX -Wl$(comma)-wrap$(comma)pthread_create)
PSX_LIBS := $(if $(PSX_FLAGS),-lpsx)

$(BENCH_C)/allthreads: bench/c/allthreads.c bench/c/allthreads_peers.h bench/c/bench_clock.h $(BUILD)/payload/.stamp
	@mkdir -p $(@D)
	$(CC) $(CSTD) -O2 -D_GNU_SOURCE -Iinclude -Ibacktrace/include -Ibacktrace/util -Iruntime/abi -Iruntime/arch $(PSX_FLAGS) -I$(BUILD)/payload -o $@ \
		bench/c/allthreads.c $(BUILD)/payload/rcgo_core_linux.c \
		$(BUILD)/payload/gcc_rcgo_$(UNIT_HOST_ARCH).S -pthread $(PSX_LIBS)

# libpsx 2.72 and later work in another way: PSX=DIR has libpsx.a and include/sys/psx_syscall.h of one
# that was built outside of this repository.
$(BENCH_C)/allthreads-psx: bench/c/allthreads.c bench/c/allthreads_peers.h bench/c/bench_clock.h $(BUILD)/payload/.stamp
	@mkdir -p $(@D)
	$(CC) $(CSTD) -O2 -D_GNU_SOURCE -Iinclude -Ibacktrace/include -Ibacktrace/util -Iruntime/abi -Iruntime/arch -DWITH_PSX -I$(PSX)/include \
		-I$(BUILD)/payload -o $@ \
		bench/c/allthreads.c $(BUILD)/payload/rcgo_core_linux.c \
		$(BUILD)/payload/gcc_rcgo_$(UNIT_HOST_ARCH).S $(PSX)/libpsx.a \
		-Wl,-wrap,pthread_create -pthread

$(BENCH_C)/allthreads-musl: bench/c/allthreads.c bench/c/allthreads_peers.h bench/c/bench_clock.h $(BUILD)/payload/.stamp
	@mkdir -p $(@D)
	musl-gcc $(CSTD) -O2 -D_GNU_SOURCE -Iinclude -Ibacktrace/include -Ibacktrace/util -Iruntime/abi -Iruntime/arch -I$(BUILD)/payload \
		-static -o $@ bench/c/allthreads.c $(BUILD)/payload/rcgo_core_linux.c \
		$(BUILD)/payload/gcc_rcgo_$(UNIT_HOST_ARCH).S -pthread

.PHONY: bench-allthreads
BENCH_ALLTHREADS := $(BENCH_C)/allthreads $(if $(PSX),$(BENCH_C)/allthreads-psx) \
	$(if $(shell command -v musl-gcc),$(BENCH_C)/allthreads-musl)
# CALLS under four threads that start others: the last row of each, as root.
CALLS ?= 10000
bench-allthreads: $(BENCH_ALLTHREADS) ## all-threads calls beside libc's and libpsx's: PSX=DIR, CALLS=N
	@for program in $(BENCH_ALLTHREADS); do echo "$$program"; $$program 20; \
		case $$program in *-musl) whos="libc ours" ;; *-psx) whos="libc psx ours" ;; \
			*) whos="libc $(if $(PSX_FLAGS),psx) ours" ;; esac; \
		for who in $$whos; do $$program churn $$who $(CALLS); done; done

$(BENCH_C)/thread_start: bench/c/thread_start.c bench/c/bench_clock.h $(BUILD)/payload/.stamp
	@mkdir -p $(@D)
	$(CC) $(CSTD) -O2 -D_GNU_SOURCE -Iinclude -Ibacktrace/include -Ibacktrace/util -Iruntime/abi -Iruntime/arch -I$(BUILD)/payload -o $@ \
		bench/c/thread_start.c $(BUILD)/payload/rcgo_core_linux.c \
		$(BUILD)/payload/gcc_rcgo_$(UNIT_HOST_ARCH).S -pthread

.PHONY: bench-threads
bench-threads: $(BENCH_C)/thread_start ## a thread's start, with threads that wait and without
	$(BENCH_C)/thread_start

# ./check only looks whether the benchmarks would compile.
.PHONY: bench-syntax
bench-syntax: $(patsubst bench/c/%.c,$(BENCH_C)/%.checked,$(wildcard bench/c/*.c))
$(BENCH_C)/%.checked: bench/c/%.c $(BUILD)/payload/.stamp $(wildcard backtrace/*/*.h runtime/*/*.h)
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(WARN) -fsyntax-only -D_GNU_SOURCE -DRCGO_BENCH_UNWIND='"rcgo_unwind_linux.c"' -Iinclude \
		-Ibacktrace/include $(addprefix -I,$(patsubst %/,%,$(wildcard backtrace/*/ runtime/*/))) -I$(BUILD)/payload $<
	@touch $@
