# SPDX-License-Identifier: BSD-3-Clause
# What tools/check compiles: make -f tools/checks.mk build/checks/VARIANT-ARCH/SOURCE.o. Each variant is compiled once
# for all checks that look at it. Files of the payload are the sources build/checks/payload/*.c.

BUILD := build
CHECKS := $(BUILD)/checks
setting = $(shell sed -n 's/^$(1) := //p' Makefile)
SYSTEM := linux
include runtime/runtime.mk

export CCACHE_DISABLE := 1 # it does not keep the call graph
MAKEFLAGS += -r
.DELETE_ON_ERROR:
.SECONDARY:

# -fno-stack-protector is the flag with which every runtime/cgo is compiled: some compilers have another default.
CHECKS_FLAGS := $(call setting,CSTD) $(call setting,WARN) -Werror -fno-stack-protector -MMD -MP \
	$(addprefix -I,$(sort $(dir $(wildcard backtrace/*/*.h runtime/*/*.h include/*.h))))
CHECKS_CMD := -O2 -D_GNU_SOURCE -DRCGO_VERSION='"0"' -DRCGO_MODULE='"m.example"' -Icmd/rcgo -fsyntax-only
HOST := $(patsubst x86_64,amd64,$(patsubst aarch64,arm64,$(shell uname -m)))
TRIPLE_amd64 := x86_64-linux-gnu
TRIPLE_arm64 := aarch64-linux-gnu
gcc = $(if $(filter $(HOST),$(1)),gcc,$(TRIPLE_$(1))-gcc)
clang = clang $(if $(filter $(HOST),$(1)),,--target=$(TRIPLE_$(1)))

# $(call variant,VARIANT,COMPILER FLAGS,SUFFIX). Old files are removed, not changed: copies of a tree share them.
define variant
$(CHECKS)/$(1)/%.o: %$(3) Makefile tools/checks.mk
	@mkdir -p $$(@D) && rm -f $$(@:.o=.*)
	@$(2) $(CHECKS_FLAGS) -c -o $$@ $$< && touch $$@
endef
# Without optimization no call is hidden by inlining.
define variants
$(call variant,separate-$(1),$(call gcc,$(1)) -O0 -g -fcallgraph-info=su,.c)
$(call variant,separate-$(1),$(call gcc,$(1)),.S)
$(call variant,group-$(1),$(call gcc,$(1)) -O2 -g -fcallgraph-info=su,.c)
$(call variant,group-O0-$(1),$(call gcc,$(1)) -O0,.c)
$(call variant,group-tsan-$(1),$(call gcc,$(1)) -O0 -fsanitize=thread,.c)
$(call variant,clang-$(1),$(call clang,$(1)) -O2 -fsyntax-only,.c)
$(call variant,clang-$(1),$(call clang,$(1)),.S)
$(call variant,clang-lines-$(1),$(call clang,$(1)) -O0 -g1,.c)
$(call variant,clang-tsan-$(1),$(call clang,$(1)) -O2 -fsyntax-only -fsanitize=thread,.c)
$(call variant,clang-msan-$(1),$(call clang,$(1)) -O2 -fsyntax-only -fsanitize=memory,.c)
endef
$(foreach arch,amd64 arm64,$(eval $(call variants,$(arch))))
# The optimizer has warnings of its own: ./check makes bin/rcgo with them as errors.
$(eval $(call variant,cmd-gcc,gcc $(CHECKS_CMD),.c))
$(eval $(call variant,cmd-clang,clang $(CHECKS_CMD),.c))

# Each header compiles alone, and included twice.
$(CHECKS)/header/%.o: %.h Makefile tools/checks.mk
	@mkdir -p $(@D) && rm -f $(@:.o=.*)
	@printf '#include "%s"\n#include "%s"\nextern int x;\n' $< $< | \
		gcc $(CHECKS_FLAGS) -MF $(@:.o=.d) -MT $@ -Wno-unused-function -I. -fsyntax-only -x c - && touch $@

# Files of the payload that stay as they are keep their time.
$(CHECKS)/payload/.stamp: $(SRC_FILES) tools/amalgamate
	@tools/amalgamate $(CHECKS)/payload.new
	@mkdir -p $(@D) && cd $(@D) && for f in ../payload.new/*; do cmp -s $$f $${f##*/} || mv -f $$f .; done
	@rm -rf $(CHECKS)/payload.new $@ && touch $@
$(CHECKS)/payload/%.c: $(CHECKS)/payload/.stamp ;

-include $(shell find $(CHECKS) -name '*.d' 2>/dev/null)
