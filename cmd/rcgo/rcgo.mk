# The command rcgo. It contains the payload, so bin/rcgo can be copied alone.

# What walks a stack knows the CPU that the stack is of, and is there once for each. It computes with
# addresses of 64 bits: an rcgo of 32 bits walks none.
RCGO_WALK_CPUS := $(if $(filter 4,$(shell echo __SIZEOF_POINTER__ | $(CC) $(CFLAGS) -E -P -x c - \
	2>/dev/null)),,amd64 arm64)
RCGO_WALK_NAMES := stack_walk stack_joint stack_unwind stack_solve stack_caller stack_emulate
RCGO_SRC := $(sort $(call here,$(filter-out $(RCGO_WALK_NAMES:%=cmd/rcgo/%.c) cmd/rcgo/stack_cpu_%.c \
	cmd/rcgo/stack_insn_%.c, \
	$(wildcard cmd/rcgo/*.c))))
RCGO_OBJ := $(RCGO_SRC:cmd/rcgo/%.c=$(BUILD)/rcgo/%.o) $(RCGO_WALK_CPUS:%=$(BUILD)/rcgo/walk_%.o) \
	$(BUILD)/rcgo/payload_data.o $(BUILD)/rcgo/payload_table.o \
	$(BUILD)/rcgo/preload_data.o $(BUILD)/rcgo/preload_table.o \
	$(BUILD)/rcgo/module_data.o $(BUILD)/rcgo/module_table.o $(BUILD)/rcgo/help_text.o
# No path of the build is in the command, so two builds in two directories are equal.
RCGO_PATHS := -ffile-prefix-map=$(CURDIR)=.
# ./check sets WERROR=-Werror.
RCGO_CFLAGS := $(CSTD) $(WARN) $(WERROR) -MMD -MP -O2 -g $(RCGO_PATHS) -D_GNU_SOURCE -DRCGO_VERSION='"$(VERSION)"' \
	-DRCGO_MODULE='"$(MODULE)"' -Icmd/rcgo $(RCGO_INCLUDE_$(SYSTEM))

# The symbolizer of backtrace/, of which the command takes what it calls, and the part of the unwinder
# that reads call frame information: stack_*.c reads the memory of another process for it.
RCGO_CFI_SRC := $(patsubst %,backtrace/unwind/%.c,cfi_index cfi_parse cfi_row dwarf_expr \
	debug_frame eh_frame unwind_cache)
RCGO_SYM_SRC := $(sort $(call here,$(wildcard backtrace/util/*.c backtrace/symbolize/*.c backtrace/target/*.c))) backtrace/unwind/eh_frame.c
RCGO_SYM_HEADERS := $(wildcard backtrace/*/*.h runtime/*/*.h include/*.h)
RCGO_SYM_DIRS := $(sort $(patsubst %/,%,$(dir $(RCGO_SYM_HEADERS))))
RCGO_SYM_FLAGS := $(addprefix -I,$(RCGO_SYM_DIRS))

# Debian's jansson, and libiberty, which demangles: linked statically so that the binary runs where
# the libraries are missing. So is libc where the compiler can, for older and other libcs. FreeBSD
# has no libiberty (cmd/rcgo/demangle_freebsd.c).
RCGO_LIBS_linux := -l:libjansson.a -l:libiberty.a
RCGO_LIBS_freebsd := -L/usr/local/lib -l:libjansson.a -lm
RCGO_INCLUDE_freebsd := -I/usr/local/include
RCGO_LIBS := $(RCGO_LIBS_$(SYSTEM))
RCGO_STATIC = $(if $(findstring sanitize,$(CFLAGS) $(LDFLAGS)),,$(shell mkdir -p $(BUILD)/rcgo; \
	echo 'int main(void) { return 0; }' | \
	$(CC) -static -x c -o $(BUILD)/rcgo/static_probe - 2>/dev/null && echo -static))

# That of a cross compiler PREFIX-gcc is PREFIX-objcopy.
OBJCOPY = $(if $(filter %-gcc,$(CC)),$(CC:%gcc=%objcopy),objcopy)

bin/rcgo: $(RCGO_OBJ) $(BUILD)/rcgo/libsymbolize.a
	@mkdir -p bin
	$(CC) $(CFLAGS) $(LDFLAGS) -Wl,--build-id $(RCGO_STATIC) -o $@.tmp $^ $(RCGO_LIBS)
	$(OBJCOPY) --only-keep-debug $@.tmp $@.debug
	cd $(@D) && $(OBJCOPY) --strip-all --add-gnu-debuglink=$(@F).debug $(@F).tmp
	@mv $@.tmp $@

$(BUILD)/rcgo/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(WARN) $(WERROR) -MMD -MP -O2 -g $(RCGO_PATHS) $(RCGO_SYM_FLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/rcgo/libsymbolize.a: $(RCGO_SYM_SRC:%.c=$(BUILD)/rcgo/obj/%.o)
	@rm -f $@
	ar rcs $@ $^

# $(call walk_object,CPU,SOURCE): its object for this CPU.
walk_object = $(BUILD)/rcgo/walk/$(1)/$(notdir $(2:.c=.o))
walk_sources = $(RCGO_WALK_NAMES:%=cmd/rcgo/%.c) $(addprefix cmd/rcgo/stack_,cpu_$(1).c insn_$(1).c) $(RCGO_CFI_SRC)
uppercase = $(shell echo $(1) | tr a-z A-Z)

# One object for a CPU, which shows nothing but walker_CPU.
define walk_rules
$(foreach s,$(walk_sources),
$(call walk_object,$(1),$(s)): $(s) cmd/rcgo/rcgo.mk
	@mkdir -p $$(@D)
	$$(CC) $$(RCGO_CFLAGS) $$(RCGO_SYM_FLAGS) $$(CFLAGS) -DRCGO_UNWIND_$(call uppercase,$(1))=1 -c -o $$@ $$<
)
$(BUILD)/rcgo/walk_$(1).o: $(foreach s,$(walk_sources),$(call walk_object,$(1),$(s)))
	$$(CC) $$(CFLAGS) -nostdlib -r -o $$@.tmp $$^
	$(OBJCOPY) --keep-global-symbol=walker_$(1) $$@.tmp $$@
endef
$(foreach cpu,$(RCGO_WALK_CPUS),$(eval $(call walk_rules,$(cpu))))
-include $(wildcard $(BUILD)/rcgo/walk/*/*.d)

# The C files of the command; CPU:FILE where one is compiled for each CPU whose stacks are walked.
.PHONY: rcgo-sources
rcgo-sources:
	@printf '%s\n' $(sort $(RCGO_SRC) $(RCGO_SYM_SRC)) \
		$(foreach cpu,$(RCGO_WALK_CPUS),$(addprefix $(cpu):,$(call walk_sources,$(cpu))))

RCGO_SYM_USERS := symbols.o demangle_$(SYSTEM).o crash_log.o log_text.o cmd_addr2line.o cmd_symbolize.o identity.o
RCGO_SYM_USERS := $(addprefix $(BUILD)/rcgo/,$(RCGO_SYM_USERS))
$(RCGO_SYM_USERS): RCGO_CFLAGS += $(RCGO_SYM_FLAGS)

# What looks into other processes and cores.
RCGO_STACK_SRC := $(sort $(wildcard $(addprefix cmd/rcgo/,stack*.c go_*.c target_*.c process_*.c \
	cmd_stack.c cmd_record.c heap_*.c cmd_heap.c)))
RCGO_STACK := $(RCGO_STACK_SRC:cmd/rcgo/%.c=$(BUILD)/rcgo/%.o)
$(RCGO_STACK): RCGO_CFLAGS += $(RCGO_SYM_FLAGS)

# The page of counters that rcgo top reads.
RCGO_TOP := $(addprefix $(BUILD)/rcgo/,cmd_top.o top_page_linux.o top_screen.o top_table.o top_threads_linux.o)
$(RCGO_TOP): RCGO_CFLAGS += -Iinclude -Ibacktrace/include -Ibacktrace/util -Iruntime/abi -Iruntime/thread

# What a built program says of itself.
RCGO_IDENTITY := $(addprefix $(BUILD)/rcgo/,identity.o cmd_version.o)
$(RCGO_IDENTITY): RCGO_CFLAGS += -Iruntime/base

# The files that the version and the path of the Go module are compiled into.
$(BUILD)/rcgo/cmd_version.o: CHANGELOG.md
$(addprefix $(BUILD)/rcgo/,cmd_init.o cmd_leaf_go.o): go/go.mod

$(BUILD)/rcgo/%.o: cmd/rcgo/%.c
	@mkdir -p $(@D)
	$(CC) $(RCGO_CFLAGS) $(CFLAGS) -c -o $@ $<

-include $(RCGO_OBJ:.o=.d) $(RCGO_SYM_SRC:%.c=$(BUILD)/rcgo/obj/%.d)

$(BUILD)/rcgo/payload_data.S: $(BUILD)/payload/.stamp cmd/rcgo/embed
	@mkdir -p $(@D)
	cmd/rcgo/embed $(BUILD)/payload $(BUILD)/rcgo/payload_data.S $(BUILD)/rcgo/payload_table.c \
		payload payload_count

$(BUILD)/rcgo/payload_table.c: $(BUILD)/rcgo/payload_data.S ;

$(BUILD)/rcgo/payload_data.o: $(BUILD)/rcgo/payload_data.S
	$(CC) -c -o $@ $<

$(BUILD)/rcgo/payload_table.o: $(BUILD)/rcgo/payload_table.c cmd/rcgo/rcgo.h
	$(CC) $(RCGO_CFLAGS) $(CFLAGS) -c -o $@ $<

# The Go module of `rcgo init`: what a user's module needs of go/, each path with ! for /.
MODULE_FILES := $(sort $(shell find go -type f ! -name '*_test.go' ! -path '*test/*' ! -path '*/testdata/*'))

$(BUILD)/module/.stamp: $(MODULE_FILES) include/runtime_cgo.h backtrace/include/rcgo_backtrace.h LICENSE cmd/rcgo/rcgo.mk
	@rm -rf $(@D) && mkdir -p $(@D)
	for f in $(MODULE_FILES:go/%=%); do cp "go/$$f" "$(@D)/$$(printf %s "$$f" | tr / '!')"; done
	cp LICENSE $(@D)
	cp include/runtime_cgo.h '$(@D)/include!runtime_cgo.h'
	cp backtrace/include/rcgo_backtrace.h '$(@D)/include!rcgo_backtrace.h'
	@touch $@

$(BUILD)/rcgo/module_data.S: $(BUILD)/module/.stamp cmd/rcgo/embed
	@mkdir -p $(@D)
	cmd/rcgo/embed $(BUILD)/module $(BUILD)/rcgo/module_data.S $(BUILD)/rcgo/module_table.c \
		module_files module_count

$(BUILD)/rcgo/module_table.c: $(BUILD)/rcgo/module_data.S ;

$(BUILD)/rcgo/module_data.o: $(BUILD)/rcgo/module_data.S
	$(CC) -c -o $@ $<

$(BUILD)/rcgo/module_table.o: $(BUILD)/rcgo/module_table.c cmd/rcgo/rcgo.h
	$(CC) $(RCGO_CFLAGS) $(CFLAGS) -c -o $@ $<

# The help texts, and the man pages and completions that are made of them.
HELP := cmd/rcgo/help
HELP_FILES := $(wildcard $(HELP)/*)
HELP_COMMANDS := $(shell sed -n 's/^@commands //p' $(HELP)/overview.txt)
# Man pages have the date of the version, for builds that can be repeated.
HELP_DATE = $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null),0)

$(BUILD)/rcgo/help_text.c: $(HELP_FILES)
	@mkdir -p $(@D)
	$(HELP)/generate c >$@

$(BUILD)/rcgo/help_text.o: $(BUILD)/rcgo/help_text.c
	$(CC) $(RCGO_CFLAGS) $(CFLAGS) -c -o $@ $<

SHARE := $(BUILD)/share
RCGO_MAN := $(SHARE)/rcgo.1 $(HELP_COMMANDS:%=$(SHARE)/rcgo-%.1)
RCGO_COMPLETIONS := $(addprefix $(SHARE)/,rcgo.bash _rcgo rcgo.fish)

# Replaces lines @commands@, @features@ and @tables@ of a template by what generate makes: $(call fill,TEMPLATE,SHELL)
fill = awk '/^@[a-z]+@$$/ { name = substr($$0, 2, length($$0) - 2); \
	while (("$(HELP)/generate " (name == "tables" ? "$(2)" : name)) | getline line > 0) print line; next } \
	{ print }' $(1)

$(SHARE)/rcgo-%.1: $(HELP)/%.txt $(HELP)/generate $(HELP)/man.awk
	@mkdir -p $(@D)
	$(HELP)/generate man $* $(HELP_DATE) >$@

$(SHARE)/rcgo.1: cmd/rcgo/rcgo.1.in $(HELP_FILES)
	@mkdir -p $(@D)
	$(call fill,$<) | sed "s/@date@/$$(LC_ALL=C date -u -d @$(HELP_DATE) '+%B %-d, %Y')/" >$@

$(SHARE)/rcgo.bash: cmd/rcgo/completion/rcgo.bash.in $(HELP_FILES)
	@mkdir -p $(@D)
	$(call fill,$<,bash) >$@

$(SHARE)/_rcgo: cmd/rcgo/completion/_rcgo.in $(HELP_FILES)
	@mkdir -p $(@D)
	$(call fill,$<,zsh) >$@

$(SHARE)/rcgo.fish: cmd/rcgo/completion/rcgo.fish.in $(HELP_FILES)
	@mkdir -p $(@D)
	$(call fill,$<,fish) >$@

.PHONY: share
share: $(RCGO_MAN) $(RCGO_COMPLETIONS)

RCGO_MANDIR ?= $(PREFIX)/share/man/man1
# The library that rcgo heap run preloads. It is linked without libc, to serve any libc.
PRELOAD_SRC := $(sort $(filter-out %_freebsd.c,$(wildcard backtrace/util/*.c backtrace/unwind/*.c cmd/rcgo/preload/*.c)) runtime/base/go_text.c \
	$(filter-out runtime/heap/x_cgo_heap_linux.c runtime/heap/heap_own_stack_linux.c,$(wildcard runtime/heap/*.c)))
PRELOAD_OBJ := $(PRELOAD_SRC:%.c=$(BUILD)/preload/%.o)
# Otherwise gcc calls functions of libgcc for atomic operations.
PRELOAD_FLAGS_aarch64 := -mno-outline-atomics
PRELOAD_FLAGS := -D_GNU_SOURCE -fPIC -fvisibility=hidden -fno-stack-protector -U_FORTIFY_SOURCE \
	-DRCGO_HEAP_STAND_IN=RCGO_EXPORT -DRCGO_WITH_HEAP $(PRELOAD_FLAGS_$(firstword $(subst -, ,$(shell $(CC) -dumpmachine))))

# The unwinder's mappings are not recorded.
$(filter $(BUILD)/preload/backtrace/%,$(PRELOAD_OBJ)): PRELOAD_FLAGS += \
	-Dmmap=rcgo__heap_own_mmap -Dmunmap=rcgo__heap_own_munmap

$(PRELOAD_OBJ): $(BUILD)/preload/%.o: %.c $(RCGO_SYM_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(WARN) -O2 -g $(RCGO_SYM_FLAGS) $(PRELOAD_FLAGS) -c -o $@ $<

# Heap profiling is for Linux: elsewhere rcgo contains no such library.
PRELOAD_LIB_linux := $(BUILD)/preload/lib/rcgo_heap.so
PRELOAD_LIB := $(or $(PRELOAD_LIB_$(SYSTEM)),$(BUILD)/preload/lib/.none)

$(BUILD)/preload/lib/.none:
	@mkdir -p $(@D)
	touch $@

$(BUILD)/preload/lib/rcgo_heap.so: $(PRELOAD_OBJ)
	@mkdir -p $(@D)
	$(CC) -shared -nostdlib -Wl,-z,now -Wl,--build-id -Wl,--strip-debug -o $@ $^

$(BUILD)/rcgo/preload_data.S: $(PRELOAD_LIB) cmd/rcgo/embed
	@mkdir -p $(@D)
	cmd/rcgo/embed $(BUILD)/preload/lib $(BUILD)/rcgo/preload_data.S $(BUILD)/rcgo/preload_table.c \
		preload preload_count

$(BUILD)/rcgo/preload_table.c: $(BUILD)/rcgo/preload_data.S ;

$(BUILD)/rcgo/preload_data.o: $(BUILD)/rcgo/preload_data.S
	$(CC) -c -o $@ $<

$(BUILD)/rcgo/preload_table.o: $(BUILD)/rcgo/preload_table.c cmd/rcgo/rcgo.h
	$(CC) $(RCGO_CFLAGS) $(CFLAGS) -c -o $@ $<

RCGO_BASHCOMP ?= $(PREFIX)/share/bash-completion/completions
RCGO_ZSHCOMP ?= $(PREFIX)/share/zsh/site-functions
RCGO_FISHCOMP ?= $(PREFIX)/share/fish/vendor_completions.d

install: bin/rcgo share ## install rcgo, its man pages and completions (PREFIX, DESTDIR)
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(RCGO_MANDIR)' '$(DESTDIR)$(RCGO_BASHCOMP)' \
		'$(DESTDIR)$(RCGO_ZSHCOMP)' '$(DESTDIR)$(RCGO_FISHCOMP)'
	install -m 755 bin/rcgo '$(DESTDIR)$(PREFIX)/bin/rcgo'
	install -m 644 $(RCGO_MAN) '$(DESTDIR)$(RCGO_MANDIR)'
	install -m 644 $(SHARE)/rcgo.bash '$(DESTDIR)$(RCGO_BASHCOMP)/rcgo'
	install -m 644 $(SHARE)/_rcgo '$(DESTDIR)$(RCGO_ZSHCOMP)/_rcgo'
	install -m 644 $(SHARE)/rcgo.fish '$(DESTDIR)$(RCGO_FISHCOMP)/rcgo.fish'

uninstall: ## remove what install put there
	rm -f '$(DESTDIR)$(PREFIX)/bin/rcgo' $(patsubst %,'$(DESTDIR)$(RCGO_MANDIR)/%',$(notdir $(RCGO_MAN))) \
		'$(DESTDIR)$(RCGO_BASHCOMP)/rcgo' '$(DESTDIR)$(RCGO_ZSHCOMP)/_rcgo' '$(DESTDIR)$(RCGO_FISHCOMP)/rcgo.fish'
