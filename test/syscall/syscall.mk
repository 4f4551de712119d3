# Hard cases of calls for all threads: by libc, libpsx (where it is installed; another by PSX=DIR,
# see bench/c/bench_c.mk), musl and ours.

.PHONY: hard-cases

HARD := $(BUILD)/test/syscall
HARD_SOURCES := test/syscall/hard_cases.c bench/c/allthreads_peers.h $(BUILD)/payload/.stamp
HARD_OURS := -Ibench/c -Iinclude -Ibacktrace/include -Ibacktrace/util -Iruntime/abi -Iruntime/arch -pthread test/syscall/hard_cases.c \
	$(BUILD)/payload/rcgo_core_linux.c $(BUILD)/payload/gcc_rcgo_$(UNIT_HOST_ARCH).S
HARD_PROGRAMS := $(HARD)/hard_cases $(if $(shell command -v musl-gcc),$(HARD)/hard_cases-musl) \
	$(if $(PSX_FLAGS),$(HARD)/hard_cases-psx) $(if $(PSX),$(HARD)/hard_cases-psx-new)

$(HARD)/hard_cases: $(HARD_SOURCES)
	@mkdir -p $(@D)
	$(CC) $(CSTD) -O2 -D_GNU_SOURCE $(HARD_OURS) -o $@
$(HARD)/hard_cases-psx: $(HARD_SOURCES)
	@mkdir -p $(@D)
	$(CC) $(CSTD) -O2 -D_GNU_SOURCE $(PSX_FLAGS) $(HARD_OURS) $(PSX_LIBS) -o $@
$(HARD)/hard_cases-psx-new: $(HARD_SOURCES)
	@mkdir -p $(@D)
	$(CC) $(CSTD) -O2 -D_GNU_SOURCE -DWITH_PSX -I$(PSX)/include $(HARD_OURS) $(PSX)/libpsx.a \
		-Wl,-wrap,pthread_create -o $@
# musl-gcc does not see the kernel's headers.
$(HARD)/hard_cases-musl: $(HARD_SOURCES)
	@mkdir -p $(@D)
	musl-gcc $(CSTD) -O2 -D_GNU_SOURCE -idirafter /usr/include -idirafter \
		/usr/include/$(shell uname -m)-linux-gnu -static $(HARD_OURS) -o $@

hard-cases: $(HARD_PROGRAMS) ## all-threads calls in hard cases, as a table: PSX=DIR
	@test/syscall/hard_cases_table $(HARD)
