# Benchmarks in C, each beside its peers in one run. ROUNDS: how often; the best round counts.

.PHONY: bench-walk

BENCH_C := $(BUILD)/bench/c
ROUNDS ?= 300

$(BENCH_C)/bench_walk: bench/c/bench_walk.c src/base/rcgo_probe_linux.c $(BUILD)/payload/.stamp
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(WARN) -O2 -g -fomit-frame-pointer -fasynchronous-unwind-tables -D_GNU_SOURCE \
		-Isrc/base -Isrc/abi -DRCGO_BENCH_UNWIND='"rcgo_unwind_linux_$(UNIT_HOST_ARCH).c"' \
		-I$(BUILD)/payload -o $@ bench/c/bench_walk.c src/base/rcgo_probe_linux.c -ldl -pthread

bench-walk: $(BENCH_C)/bench_walk ## the walker beside libgcc, glibc and libunwind
	$(BENCH_C)/bench_walk $(ROUNDS)
