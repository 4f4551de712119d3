# The stress: the unwinder in real programs under thousands of signals a second, beside libgcc's
# unwinder; its truth at each single instruction; and what it must not touch.

.PHONY: stress soak-stress soak-heap

STRESS := $(BUILD)/test/stress
STRESS_FLAGS := $(CSTD) $(WARN) -O2 -g -fno-omit-frame-pointer -fasynchronous-unwind-tables -pthread \
	-Itest/stress $(addprefix -I,$(patsubst %/,%,$(wildcard backtrace/*/ runtime/*/)))
STRESS_SRC := $(call here,$(wildcard backtrace/util/*.c backtrace/unwind/*.c))
STRESS_HEADERS := $(wildcard backtrace/*/*.h runtime/*/*.h test/stress/*.h)
STRESS_PLUGINS := $(patsubst %,$(STRESS)/plugin_%.so,a0 a1 b0 b1 lazy)
# The program of any libc, by how it is linked.
STRESS_LIBCS := $(patsubst %,$(STRESS)/libcs_%,glibc glibc_static glibc_static_pie) \
	$(if $(shell command -v musl-gcc),$(patsubst %,$(STRESS)/libcs_%,musl musl_static) \
		$(STRESS)/plugin_musl.so)
STRESS_TARGETS := $(patsubst %,$(STRESS)/%,stress.so stress_run async_targets throw dlopen_churn sealed) \
	$(if $(filter x86_64,$(shell uname -m)),$(STRESS)/step) $(STRESS_PLUGINS)

$(STRESS)/stress.so: $(patsubst %,test/stress/stress_%.c,start sample traps) $(STRESS_SRC)
$(STRESS)/stress.so: STRESS_LINK := -fPIC -shared -Wl,-z,now
$(STRESS)/stress_run: test/stress/stress_run.c
$(STRESS)/async_targets: test/stress/async_targets.c
$(STRESS)/dlopen_churn: test/stress/dlopen_churn.c
$(STRESS)/sealed: test/stress/sealed.c $(STRESS_SRC)
$(STRESS)/step: $(wildcard test/stress/step*.c) $(STRESS_SRC)
$(STRESS)/step: STRESS_LINK := -lm
$(filter-out %/throw $(STRESS_PLUGINS),$(STRESS_TARGETS)): $(STRESS_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(STRESS_FLAGS) -o $@ $(filter %.c,$^) $(STRESS_LINK)

$(STRESS)/throw: test/stress/throw.cc
	@mkdir -p $(@D)
	$(CXX) -O2 -g -o $@ $<

$(STRESS)/libcs_glibc_static: STRESS_LINK := -static
$(STRESS)/libcs_glibc_static_pie: STRESS_LINK := -static-pie
$(STRESS)/libcs_musl_static: STRESS_LINK := -static
$(STRESS)/libcs_musl $(STRESS)/libcs_musl_static $(STRESS)/plugin_musl.so: CC := musl-gcc
# Of a static program the linker warns that it can load nothing, which these do not.
$(filter $(STRESS)/libcs_%,$(STRESS_LIBCS)): test/stress/libcs.c $(STRESS_SRC) $(STRESS_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(STRESS_FLAGS) -o $@ $(filter %.c,$^) $(STRESS_LINK)

$(STRESS)/plugin_%1.so: STRESS_ROOM := 88
$(STRESS_PLUGINS) $(filter %/plugin_musl.so,$(STRESS_LIBCS)): test/stress/plugin.c
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(WARN) -O2 -g -fomit-frame-pointer -fPIC -shared -Wl,-z,lazy \
		-DPLUGIN_ROOM=$(or $(STRESS_ROOM),24) -o $@ $<

stress: $(STRESS_TARGETS) $(STRESS_LIBCS)

soak: soak-stress
soak-stress: stress
	test/stress/run long

# How long each of the four storms of heap profiling takes.
SOAK_HEAP := 2m

soak: soak-heap
soak-heap: bin/rcgo ## heap profiling beside dlclose, fork, signals and threads, SOAK_HEAP=2m each: the profile is exact
	cd test && GOFLAGS=-buildvcs=false go run ./stress/heapstorm -time $(SOAK_HEAP)
