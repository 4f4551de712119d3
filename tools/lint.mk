# Checks by tools of others. They take some minutes, so ./check does not run them.

.PHONY: lint

LINT_C := $(shell git ls-files 'backtrace/*.c' 'runtime/*.c' 'cmd/rcgo/*.c' 2>/dev/null)
LINT_INCLUDES := -Iinclude -Icmd/rcgo $(addprefix -I,$(patsubst %/,%,$(wildcard backtrace/*/ runtime/*/)))
# Words that codespell takes for misspelt ones.
LINT_WORDS := statics,whats,bu,crate,whos,tthe,nd,ot
# cppcheck 2.10 does not parse compound literals in every place, and cannot see that a static pointer is set
# before its use.
LINT_CPPCHECK := --std=c11 --enable=warning,portability,performance --inline-suppr --quiet --error-exitcode=1 \
	--suppress=internalAstError --suppress=shiftTooManyBitsSigned --suppress=autoVariables --suppress=ctunullpointer --suppress=ctuuninitvar --suppress=arrayIndexOutOfBoundsCond \
	--suppress=nullPointerRedundantCheck --suppress=nullPointerArithmeticRedundantCheck \
	-D__x86_64__ -D__linux__ -D__GLIBC__ -D__LP64__

lint: ## clang-tidy, cppcheck and codespell (apt-get install clang-tidy cppcheck codespell)
	git ls-files | grep -v -e '^fuzz/corpus' -e testdata -e '\.golden$$' | xargs codespell -q 3 -L $(LINT_WORDS)
	cppcheck $(LINT_CPPCHECK) $(LINT_INCLUDES) $(LINT_C)
	printf '%s\n' $(filter-out %_arm64.c,$(LINT_C)) | xargs -P $(shell nproc) -n 12 sh -c \
		'clang-tidy --quiet "$$@" -- -std=gnu11 -D_GNU_SOURCE -DRCGO_VERSION=\"0\" -DRCGO_MODULE=\"m\" $(LINT_INCLUDES) 2>/dev/null' _
