# runtime_cgo: make help
#
# The rules of each directory live beside it in a .mk file; this one only says what there is.

SHELL := $(or $(shell command -v bash 2>/dev/null),/bin/bash)
CC ?= cc
BUILD := build
PREFIX ?= /usr/local
VERSION := $(shell sed -n 's/^## //p' CHANGELOG.md | head -n 1)
MODULE := $(shell sed -n 's/^module //p' go/go.mod)

WARN := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wundef -Wvla -Wcast-qual
CSTD := -std=gnu11

# The system that the C is compiled for. A cross build sets it, CC and BUILD.
SYSTEM := $(shell uname -s | tr A-Z a-z)
# Files of other systems than this one; $(call here,FILES) leaves them out.
OTHER_SYSTEMS := $(filter-out $(SYSTEM),linux freebsd)
here = $(filter-out $(foreach s,$(OTHER_SYSTEMS),%_$(s).c \
	$(patsubst %,\%_$(s)_%.c,amd64 arm64 386 riscv64 arm s390x)),$(1))

.DEFAULT_GOAL := all
.PHONY: help all run test check conformance matrix clients bench bench-heap fuzz fmt install uninstall clean dist

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

include backtrace/backtrace.mk
include runtime/runtime.mk
include cmd/rcgo/rcgo.mk
include test/test.mk
include test/symbolize/symbolize.mk
include test/stress/stress.mk
include test/unwind/unwind.mk
include test/companion/companion.mk
include test/soak.mk
include test/model/model.mk
include test/compat/compat.mk
include test/upstream/upstream.mk
include bench/bench.mk
include bench/c/bench_c.mk
include test/syscall/syscall.mk
include examples/examples.mk
include fuzz/fuzz.mk
include test/vm/vm.mk
include test/freebsd/freebsd.mk
include tools/lint.mk

all: bin/rcgo ## build bin/rcgo

check: all ## the checks: names, dependencies, exports, layouts, safety, style
	tools/check

dist: all share ## a release in build/dist: archives, packages, the Go module, checksums
	tools/dist $(VERSION) $(MODULE)

fmt: ## format the C code
	clang-format -i $$(git ls-files '*.c' '*.h')

clean: ## remove what was built
	rm -rf $(BUILD) bin
