// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: names of functions without a symbol, in libraries of this process.

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbolizer.h"
#include "unit.h"
#include "unit_shell.h"

// Each function of a stripped library is one node, separate from its neighbours.
TEST(functions_without_symbols)
{
	static const char source[] = "static __attribute__((noinline)) int a(int n) { return n * n "
				     "% 7 + (n ^ 5) * 3; }\n"
				     "static __attribute__((noinline)) int b(int n) { return n / 3 "
				     "+ a(n) * a(n + 1); }\n"
				     "__attribute__((visibility(\"default\"))) int c(int n) { "
				     "return a(n) + b(n) * 5; }\n";
	struct rcgo_frame frame;
	char *line, *all, *rest, text[4096], want[64];
	unsigned long start, size;
	int functions = 0;
	int (*c)(int);
	uintptr_t base;
	void *handle;

	if (getenv("UNIT_EMULATED") != NULL) {
		unit_skip("the compiler here makes libraries for another CPU");
	}
	unit_shell_write("source.c", source, sizeof source - 1);
	unit_shell("gcc -O1 -shared -fPIC -fvisibility=hidden -o libs.so source.c && "
		   "cp libs.so whole.so && strip libs.so");
	handle = dlopen(unit_shell_path("libs.so"), RTLD_NOW);
	CHECK(handle != NULL);
	*(void **)&c = dlsym(handle, "c");
	CHECK(c != NULL && c(3) != 0);
	all = unit_shell_output(NULL, "nm -S whole.so | sed -n 's/ [tT] [abc]$//p'");
	base = (uintptr_t)c -
	       strtoul(unit_shell_output(NULL, "nm whole.so | sed -n 's/ T c$//p'"), NULL, 16);
	for (line = strtok_r(all, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		CHECK_INT(sscanf(line, "%lx %lx", &start, &size), 2);
		if (base + start == (uintptr_t)c) {
			continue; // has a symbol
		}
		snprintf(want, sizeof want, "libs.so+0x%lx", start);
		for (unsigned long at = start; at < start + size; at++) {
			CHECK_INT(rcgo__symbolize(base + at, &frame, 1), 1);
			CHECK_STR(frame.function, want);
		}
		// A crash report has the address itself.
		snprintf(want, sizeof want, "libs.so+0x%lx", start + 1);
		CHECK_INT(rcgo__symbolize_into(base + start + 1, &frame, 1, text, sizeof text), 1);
		CHECK_STR(frame.function, want);
		functions++;
	}
	CHECK_INT(functions, 2);
	free(all);
}

// Functions without a symbol, such as lambdas, are told apart by their address.
TEST(scopes_of_lambdas)
{
	static const char source[] =
		"volatile int s;\n"
		"template <class F> __attribute__((always_inline)) static inline void loop(F f)\n"
		"{ for (int i = 0; i < 9; i++) s = s + f(i); }\n"
		"namespace audio { static __attribute__((noinline)) void go() {\n"
		"  loop([](int i) { return s * i + 3; }); loop([](int i) { return s / (i + 1); }); "
		"} }\n"
		"namespace { struct Box { static int step(int n) { return s % (n + 7); } }; }\n"
		"extern \"C\" void work() { audio::go(); s = Box::step(s); }\n";
	static const char *const wanted[] = {
		"#1}::operator()", "#2}::operator()", "(anonymous namespace)::Box::step"};
	unsigned found[UNIT_COUNTOF(wanted)] = {0};
	unsigned char *at;
	void *handle;

	if (getenv("UNIT_EMULATED") != NULL) {
		unit_skip("the compiler here makes libraries for another CPU");
	}
	unit_shell_needs("g++");
	unit_shell_write("source.cc", source, sizeof source - 1);
	unit_shell("g++ -g -O2 -shared -fPIC -o libl.so source.cc");
	handle = dlopen(unit_shell_path("libl.so"), RTLD_NOW);
	CHECK(handle != NULL);
	at = dlsym(handle, "work");
	CHECK(at != NULL);
	for (int i = -512; i < 512; i++) {
		struct rcgo_frame frames[8];
		size_t n = rcgo__symbolize((uintptr_t)at + (uintptr_t)i, frames, 8);

		for (size_t k = 0; k < n; k++) {
			CHECK(strcmp(frames[k].function, "operator()") != 0);
			const char *name = frames[k].function;

			if (strncmp(name, "audio::go::{lambda", 18) == 0) {
				name += strcspn(name, "#");
			}
			for (size_t w = 0; w < UNIT_COUNTOF(wanted); w++) {
				found[w] += strcmp(name, wanted[w]) == 0;
			}
		}
	}
	for (size_t w = 0; w < UNIT_COUNTOF(wanted); w++) {
		CHECK(found[w] > 0);
	}
}

UNIT_MAIN(UNIT_TEST(functions_without_symbols), UNIT_TEST(scopes_of_lambdas))
