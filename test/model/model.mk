# The lock-free structures under a model checker (test/model/model.h): the real code, in all orders of
# its accesses that C11 allows. `make test` tries few preemptions of a thread, `make model` one more.

.PHONY: model model-tests

MODEL := $(BUILD)/model
MODEL_TESTS := $(patsubst test/model/%.c,$(MODEL)/%,$(wildcard test/model/test_*.c))
# -fsanitize=thread makes the compiler call a function for each access; memory.c has these functions.
MODEL_FLAGS := $(CSTD) $(WARN) -Wno-missing-field-initializers -Wno-tsan -MMD -MP -D_GNU_SOURCE= -O1 -g \
	-ffunction-sections -Itest/model -Iinclude $(addprefix -I,$(patsubst %/,%,$(wildcard backtrace/*/ runtime/*/)))

$(MODEL)/test_%.o: test/model/test_%.c test/model/model.mk
	@mkdir -p $(@D)
	gcc $(MODEL_FLAGS) -fsanitize=thread -c -o $@ $<
$(MODEL)/%.o: test/model/%.c test/model/model.mk
	@mkdir -p $(@D)
	gcc $(MODEL_FLAGS) -c -o $@ $<
# Functions that a test does not reach need nothing of other files.
$(MODEL_TESTS): %: %.o $(addprefix $(MODEL)/,explore.o memory.o accesses.o)
	gcc -Wl,--gc-sections -o $@ $^

model-tests: $(MODEL_TESTS)
unit: model-tests

model: model-tests ## the lock-free structures in all orders, with one more preemption than make test
	@for test in $(MODEL_TESTS); do $$test 1 || exit; done

-include $(wildcard $(MODEL)/*.d)
