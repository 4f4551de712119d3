# The storm: the walker in real programs under thousands of signals a second, beside libgcc's
# unwinder; its truth at each single instruction; and what it must not touch.

.PHONY: storm soak-storm

STORM := $(BUILD)/test/storm
STORM_FLAGS := $(CSTD) $(WARN) -O2 -g -fno-omit-frame-pointer -fasynchronous-unwind-tables -pthread \
	-Itest/storm $(addprefix -I,$(patsubst %/,%,$(wildcard src/*/ src/*/*/)))
STORM_SRC := $(wildcard src/base/rcgo_probe*.c src/traceback/unwind/*.c)
STORM_HEADERS := $(wildcard src/*/*.h src/*/*/*.h test/storm/*.h)
STORM_PLUGINS := $(patsubst %,$(STORM)/plugin_%.so,a0 a1 b0 b1 lazy)
# The program of any libc, by how it is linked.
STORM_LIBCS := $(patsubst %,$(STORM)/libcs_%,glibc glibc_static glibc_static_pie) \
	$(if $(shell command -v musl-gcc),$(patsubst %,$(STORM)/libcs_%,musl musl_static) \
		$(STORM)/plugin_musl.so)
STORM_TARGETS := $(patsubst %,$(STORM)/%,storm.so storm_run weather throw churn sealed) \
	$(if $(filter x86_64,$(shell uname -m)),$(STORM)/step) $(STORM_PLUGINS)

$(STORM)/storm.so: $(patsubst %,test/storm/storm_%.c,start sample traps) $(STORM_SRC)
$(STORM)/storm.so: STORM_LINK := -fPIC -shared -Wl,-z,now
$(STORM)/storm_run: test/storm/storm_run.c
$(STORM)/weather: test/storm/weather.c
$(STORM)/churn: test/storm/churn.c
$(STORM)/sealed: test/storm/sealed.c $(STORM_SRC)
$(STORM)/step: $(wildcard test/storm/step*.c) $(STORM_SRC)
$(STORM)/step: STORM_LINK := -lm
$(filter-out %/throw $(STORM_PLUGINS),$(STORM_TARGETS)): $(STORM_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(STORM_FLAGS) -o $@ $(filter %.c,$^) $(STORM_LINK)

$(STORM)/throw: test/storm/throw.cc
	@mkdir -p $(@D)
	$(CXX) -O2 -g -o $@ $<

$(STORM)/libcs_glibc_static: STORM_LINK := -static
$(STORM)/libcs_glibc_static_pie: STORM_LINK := -static-pie
$(STORM)/libcs_musl_static: STORM_LINK := -static
$(STORM)/libcs_musl $(STORM)/libcs_musl_static $(STORM)/plugin_musl.so: CC := musl-gcc
# Of a static program the linker warns that it can load nothing, which these do not.
$(filter $(STORM)/libcs_%,$(STORM_LIBCS)): test/storm/libcs.c $(STORM_SRC) $(STORM_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(STORM_FLAGS) -o $@ $(filter %.c,$^) $(STORM_LINK)

$(STORM)/plugin_%1.so: STORM_ROOM := 88
$(STORM_PLUGINS) $(filter %/plugin_musl.so,$(STORM_LIBCS)): test/storm/plugin.c
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(WARN) -O2 -g -fomit-frame-pointer -fPIC -shared -Wl,-z,lazy \
		-DPLUGIN_ROOM=$(or $(STORM_ROOM),24) -o $@ $<

storm: $(STORM_TARGETS) $(STORM_LIBCS)

soak: soak-storm
soak-storm: storm
	test/storm/run long
