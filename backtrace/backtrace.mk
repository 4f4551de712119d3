# Builds backtrace/ as a separate C library: a static library, a public header, a pkg-config file.

.PHONY: libbacktrace install-backtrace

BACKTRACE := $(BUILD)/backtrace
BACKTRACE_SRC := $(call here,$(wildcard backtrace/*/*.c))
BACKTRACE_OBJ := $(BACKTRACE_SRC:%.c=$(BACKTRACE)/%.o)
BACKTRACE_FLAGS := $(CSTD) $(WARN) -O2 -g -fPIC -fvisibility=hidden -fno-omit-frame-pointer \
	-fasynchronous-unwind-tables -MMD -MP $(addprefix -I,$(patsubst %/,%,$(wildcard backtrace/*/)))

$(BACKTRACE)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(BACKTRACE_FLAGS) $(CFLAGS) -c -o $@ $<

-include $(BACKTRACE_OBJ:.o=.d)

$(BACKTRACE)/librcgo_backtrace.a: $(BACKTRACE_OBJ)
	@rm -f $@
	ar rcs $@ $^

$(BACKTRACE)/rcgo_backtrace.pc: backtrace/rcgo_backtrace.pc.in CHANGELOG.md
	@mkdir -p $(@D)
	sed 's#@PREFIX@#$(PREFIX)#; s#@VERSION@#$(VERSION)#' $< >$@

libbacktrace: $(BACKTRACE)/librcgo_backtrace.a $(BACKTRACE)/rcgo_backtrace.pc ## build backtrace/ as a static C library

install-backtrace: libbacktrace ## install the C library with its header and pkg-config file (PREFIX, DESTDIR)
	install -d '$(DESTDIR)$(PREFIX)/include' '$(DESTDIR)$(PREFIX)/lib/pkgconfig'
	install -m 644 backtrace/include/rcgo_backtrace.h '$(DESTDIR)$(PREFIX)/include/rcgo_backtrace.h'
	install -m 644 $(BACKTRACE)/librcgo_backtrace.a '$(DESTDIR)$(PREFIX)/lib/librcgo_backtrace.a'
	install -m 644 $(BACKTRACE)/rcgo_backtrace.pc '$(DESTDIR)$(PREFIX)/lib/pkgconfig/rcgo_backtrace.pc'
