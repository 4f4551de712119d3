# C libraries with signal handlers of their own, in Go programs. Needs Debian's libgc-dev,
# libedit-dev, python3-dev, php-dev, libphp-embed, default-jdk-headless, libwebkit2gtk-4.1-dev, xvfb and
# xauth.

COMPAT_SECONDS ?= 300

.PHONY: compat

compat: all ## libgc, libedit, CPython, PHP, a JVM and WebKitGTK in Go programs, under a stress of signals (COMPAT_SECONDS)
	test/compat/run $(COMPAT_SECONDS)
	test/compat/hosts/run

.PHONY: compat-hosts

compat-hosts: all ## one Go library, stock beside ours, loaded by Python, Ruby, JVMs, PostgreSQL and other hosts, as a table
	test/compat/hosts/run

# GOROOTs to make the table for, the first with all linkers; it takes a quarter of an hour for each.
MATRIX_GOROOTS ?= $(shell tools/toolchains list)

.PHONY: signals-matrix

signals-matrix: all ## each way to link C's handlers and Go, stock beside ours, as a table
	@mkdir -p $(BUILD)/test
	test/differential/matrix/run $(MATRIX_GOROOTS) >$(BUILD)/test/signals-matrix.md

.PHONY: compilers

compilers: all ## each C compiler, linker and set of flags at hand, stock beside ours, as a table
	test/compat/compilers
