// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: this process is symbolized by its own debug information.

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "module.h"
#include "default_hooks.h"
#include "symbolizer.h"
#include "unit.h"

// Returns the address of the instruction after the call of here, minus 1: an address in its caller.
static __attribute__((noinline)) uintptr_t
here(void)
{
	return (uintptr_t)__builtin_return_address(0) - 1;
}

static uintptr_t place_inlined;
static int place_line, place_call_line, place_outer_line;

static inline __attribute__((always_inline)) void
innermost(void)
{
	place_inlined = here(), place_line = __LINE__;
}

static inline __attribute__((always_inline)) void
middle(void)
{
	innermost(), place_call_line = __LINE__;
}

static __attribute__((noinline)) void
outermost(void)
{
	middle(), place_outer_line = __LINE__;
	// Otherwise the call could be compiled to a jump.
	__asm__("" ::: "memory");
}

static void
check_file(const char *file)
{
	CHECK(file != NULL);
	CHECK_STR(strrchr(file, '/') + 1, "test_symbolize.c");
}

// Three functions, two of them inlined, and the lines of the calls.
TEST(chain_of_inlined_functions)
{
	struct rcgo_frame frames[RCGO_FRAMES_MAX];
	size_t n;

	outermost();
	n = rcgo__symbolize(place_inlined, frames, RCGO_FRAMES_MAX);
	CHECK_INT(n, 3);
	CHECK_STR(frames[0].function, "innermost");
	CHECK_INT(frames[0].line, place_line);
	CHECK_INT(frames[0].inlined, true);
	CHECK_STR(frames[1].function, "middle");
	CHECK_INT(frames[1].line, place_call_line);
	CHECK_INT(frames[1].inlined, true);
	CHECK_STR(frames[2].function, "outermost");
	CHECK_INT(frames[2].line, place_outer_line);
	CHECK_INT(frames[2].inlined, false);
	for (size_t i = 0; i < n; i++) {
		check_file(frames[i].file);
		CHECK_INT(frames[i].entry, (uintptr_t)outermost);
	}
	// The outermost frames are cut.
	CHECK_INT(rcgo__symbolize(place_inlined, frames, 2), 2);
	CHECK_INT(frames[1].inlined, true);
	CHECK_STR(frames[1].function, "middle");
	CHECK_INT(frames[1].entry, (uintptr_t)outermost);
}

// File names take no space from function names, and the outermost function is named first.
TEST(little_room_is_for_names)
{
	struct rcgo_frame frames[RCGO_FRAMES_MAX];
	char text[2 * sizeof "outermost"];

	outermost();
	CHECK_INT(
		rcgo__symbolize_into(place_inlined, frames, RCGO_FRAMES_MAX, text, sizeof text), 3);
	CHECK_STR(frames[2].function, "outermost");
	CHECK_STR(frames[0].function, "innermost");
}

// A process without a free file descriptor has one later.
TEST(a_file_that_could_not_be_opened_is_opened_later)
{
	struct rcgo_frame frame;
	struct rcgo_module module;
	struct rlimit limit, none;

	CHECK(rcgo__module_find((uintptr_t)here, &module));
	CHECK_INT(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &none), 0);
	CHECK_INT(rcgo__symbolize((uintptr_t)here, &frame, 1), 1);
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
	CHECK(strstr(frame.function, "0x") != NULL);
	CHECK_INT(rcgo__symbolize((uintptr_t)here, &frame, 1), 1);
	CHECK_STR(frame.function, "here");
}

// The same through Go's protocol, twice for one program counter, as in recursion.
TEST(protocol)
{
	static const char *const names[] = {"innermost", "middle", "outermost"};
	struct cgoSymbolizerArg arg = {0};

	outermost();
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 3; i++) {
			arg.PC = place_inlined;
			rcgo__default_symbolizer(&arg);
			CHECK_STR(arg.Func, names[i]);
			check_file(arg.File);
			CHECK_INT(arg.Entry, (uintptr_t)outermost);
			CHECK_INT(arg.More, i < 2);
			CHECK(arg.Data != 0);
		}
	}
	// Another address in the middle of a chain.
	arg.PC = place_inlined;
	rcgo__default_symbolizer(&arg);
	CHECK_INT(arg.More, 1);
	arg.PC = (uintptr_t)here;
	rcgo__default_symbolizer(&arg);
	CHECK_STR(arg.Func, "here");
	CHECK_INT(arg.More, 0);
	arg.PC = 0;
	rcgo__default_symbolizer(&arg);
	CHECK_INT(arg.Data, 0);
	// A request that is abandoned in the middle of a chain leaves nothing to the next one.
	for (int round = 0; round < 2; round++) {
		arg.PC = place_inlined;
		rcgo__default_symbolizer(&arg);
		CHECK_STR(arg.Func, "innermost");
		arg.PC = 0;
		rcgo__default_symbolizer(&arg);
	}
}

// More sequences than there are slots. Each is answered, and slots are free again after they end.
TEST(many_sequences)
{
	struct cgoSymbolizerArg args[32] = {{0}};
	size_t with_data = 0;

	for (int round = 0; round < 3; round++) {
		size_t now = 0;

		for (size_t i = 0; i < UNIT_COUNTOF(args); i++) {
			args[i] = (struct cgoSymbolizerArg){.PC = (uintptr_t)here};
			rcgo__default_symbolizer(&args[i]);
			CHECK_STR(args[i].Func, "here");
			now += args[i].Data != 0;
		}
		CHECK(now > 0);
		CHECK(round == 0 || now == with_data);
		with_data = now;
		for (size_t i = 0; i < UNIT_COUNTOF(args); i++) {
			args[i].PC = 0;
			rcgo__default_symbolizer(&args[i]);
		}
	}
}

// If nothing is known, the address is printed; if only the object is known, its name too.
TEST(always_an_answer)
{
	struct rcgo_frame frame;
	char text[64];
	size_t n = rcgo__symbolize_into(0x10, &frame, 1, text, sizeof text);

	CHECK_INT(n, 1);
	CHECK_STR(frame.function, "0x10");
	n = rcgo__symbolize_into(0x10, &frame, 1, text, 3);
	CHECK_INT(n, 1);
	CHECK_STR(frame.function, "0x");
	n = rcgo__symbolize_into(0, &frame, 1, text, sizeof text);
	CHECK_STR(frame.function, "0x0");
	CHECK_INT(n, 1);
}

// Go's marks in stacks, unmapped addresses and addresses of data are no code: Go then drops the
// frame.
TEST(what_is_no_code_is_declined)
{
	uintptr_t pcs[] = {~(uintptr_t)0, 1, 0x10, UINTPTR_MAX / 2 + 1,
		(uintptr_t)1 << (sizeof(uintptr_t) * 8 - 19)};
	void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct cgoSymbolizerArg arg;

	for (size_t i = 0; i <= UNIT_COUNTOF(pcs); i++) {
		arg = (struct cgoSymbolizerArg){
			.PC = i < UNIT_COUNTOF(pcs) ? pcs[i] : (uintptr_t)page + 8, .More = 1};
		rcgo__default_symbolizer(&arg);
		CHECK(arg.Func == NULL && arg.File == NULL);
		CHECK_INT(arg.More, 0);
		CHECK_INT(arg.Data, 0);
		CHECK_INT(arg.Lineno, 0);
	}
}

// All code of a just-in-time compiler gets one name.
TEST(generated_code)
{
	uint8_t *page = mmap(NULL, 8192, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct rcgo_frame frame;

	CHECK(page != MAP_FAILED);
	for (int i = 0; i < 8192; i += 1024) {
		CHECK_INT(rcgo__symbolize((uintptr_t)page + (uintptr_t)i, &frame, 1), 1);
		CHECK_STR(frame.function, "[JIT]");
		CHECK_INT(frame.entry, 0);
	}
}

TEST(vdso)
{
	uintptr_t base = getauxval(AT_SYSINFO_EHDR);
	struct rcgo_frame frame;
	void *handle = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
	void *at = handle == NULL ? NULL : dlsym(handle, "__vdso_clock_gettime");

	if (base == 0 || at == NULL) {
		unit_skip("no vDSO");
	}
	rcgo__modules_init();
	CHECK_INT(rcgo__symbolize((uintptr_t)at, &frame, 1), 1);
	CHECK_HAS(frame.function, "clock_gettime");
	CHECK_INT(frame.entry, (uintptr_t)at);
}

static void *
ask(void *arg)
{
	(void)arg;
	for (int i = 0; i < 300; i++) {
		struct rcgo_frame frames[RCGO_FRAMES_MAX];
		char text[4096];
		size_t n = rcgo__symbolize_into(
			place_inlined, frames, RCGO_FRAMES_MAX, text, sizeof text);

		CHECK(n == 3 || n == 1); // one frame if both arenas are in use
		CHECK(frames[0].function != NULL);
		if (n == 3) {
			CHECK_STR(frames[2].function, "outermost");
		} else {
			CHECK_HAS(frames[0].function, "test_symbolize+0x");
		}
	}
	return NULL;
}

TEST(threads_at_once)
{
	pthread_t threads[4];

	// If the module list is missing, the kernel is asked, at a limited rate.
	rcgo__modules_init();
	outermost();
	for (size_t i = 0; i < UNIT_COUNTOF(threads); i++) {
		CHECK_INT(pthread_create(&threads[i], NULL, ask, NULL), 0);
	}
	for (size_t i = 0; i < UNIT_COUNTOF(threads); i++) {
		pthread_join(threads[i], NULL);
	}
}

UNIT_MAIN(UNIT_TEST(chain_of_inlined_functions), UNIT_TEST(little_room_is_for_names),
	UNIT_TEST(a_file_that_could_not_be_opened_is_opened_later), UNIT_TEST(protocol),
	UNIT_TEST(many_sequences), UNIT_TEST(always_an_answer),
	UNIT_TEST(what_is_no_code_is_declined), UNIT_TEST(generated_code), UNIT_TEST(vdso),
	UNIT_TEST(threads_at_once))
