// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: shared by all test files. Every test runs in a forked child, so each starts with a
// fresh runtime, may end with a fatal message, and cannot affect the next one.
#ifndef UNIT_H
#define UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#if defined(__SANITIZE_ADDRESS__)
#	define UNIT_ASAN 1
#elif defined(__has_feature)
#	if __has_feature(address_sanitizer)
#		define UNIT_ASAN 1
#	endif
#endif
#ifndef UNIT_ASAN
#	define UNIT_ASAN 0
#endif
#ifdef __SANITIZE_THREAD__
#	define UNIT_TSAN 1
#else
#	define UNIT_TSAN 0
#endif

#define UNIT_COUNTOF(array) (sizeof(array) / sizeof((array)[0]))

struct unit_test {
	const char *name;
	void (*body)(void);
};

#define TEST(name) static void name(void)
// The versions of clang-format disagree on this one.
// clang-format off
#define UNIT_TEST(name) {#name, name}
// clang-format on
#define UNIT_MAIN(...)                                                 \
	int main(void)                                                 \
	{                                                              \
		static const struct unit_test tests[] = {__VA_ARGS__}; \
		return unit_main(tests, UNIT_COUNTOF(tests));          \
	}

// Runs the tests, each in a child, and reports them: by cmocka (unit_cmocka.c), or as TAP on
// platforms without cmocka (unit_tap.c).
int unit_main(const struct unit_test *tests, size_t n);

// Guards the program's code pages, in the variant that supports it (guarded_pages_arm64.c).
void unit_guard_pages(void) __attribute__((weak));

// How a child ended, and all that it wrote to standard error.
struct unit_end {
	int status;
	bool late; // killed, because it took too long
	size_t len;
	char err[32768];
};

#define UNIT_SECONDS 60
#define UNIT_SKIPPED 77

// Runs body(arg) in a forked child, which exits with 0 if body returns.
void unit_fork(struct unit_end *end, void (*body)(void *), void *arg);
// Does the same for one test.
void unit_run(struct unit_end *end, const struct unit_test *test);

// Prints each line of text after a #.
void unit_print_comment(const char *text);

// Ends the test as failed. These macros work on every thread and in every child.
void unit_skip(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void unit_fail(const char *file, int line, const char *format, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

#define CHECK(cond)                                                           \
	do {                                                                  \
		if (!(cond)) {                                                \
			unit_fail(__FILE__, __LINE__, "not true: %s", #cond); \
		}                                                             \
	} while (0)
#define CHECK_INT(got, want) \
	unit_check_int(__FILE__, __LINE__, #got, (long long)(got), (long long)(want))
#define CHECK_STR(got, want) unit_check_str(__FILE__, __LINE__, #got, (got), (want))
// Checks that text contains part, or that it does not.
#define CHECK_HAS(text, part) unit_check_has(__FILE__, __LINE__, (text), (part), true)
#define CHECK_HAS_NOT(text, part) unit_check_has(__FILE__, __LINE__, (text), (part), false)
// Checks that body(arg) ends in abort with a message; or that it ends normally.
#define CHECK_ABORTS(end, body, arg) unit_check_aborts(__FILE__, __LINE__, (end), (body), (arg))
#define CHECK_ENDS_WELL(end, body, arg) \
	unit_check_ends_well(__FILE__, __LINE__, (end), (body), (arg))

void unit_check_int(const char *file, int line, const char *what, long long got, long long want);
void unit_check_str(
	const char *file, int line, const char *what, const char *got, const char *want);
void unit_check_has(const char *file, int line, const char *text, const char *part, bool has);
void unit_check_aborts(
	const char *file, int line, struct unit_end *end, void (*body)(void *), void *arg);
void unit_check_ends_well(
	const char *file, int line, struct unit_end *end, void (*body)(void *), void *arg);

// Whether the program runs under qemu-user, which differs from Linux in some respects.
bool unit_emulated(void);
// How many times slower the machine is than an idle real processor (UNIT_SLOWNESS, default 1). Time
// limits are multiplied by it: they only detect hangs.
unsigned unit_slowness(void);
// Whether the kernel wipes a page in a forked child on request. qemu-user only claims to.
bool unit_wipes_on_fork(void);

// Sends sig to the calling thread each millisecond, until unit_stress_stop.
void unit_stress_start(int sig);
void unit_stress_stop(void);
// Whether the stress test must continue: for half a second, and until *signals is 100, however slow
// the machine is.
bool unit_stress_lasts(const unsigned *signals);

// Returns the number after "KEY:" in a status file of /proc, in the given base; fails if there is
// none.
uint64_t unit_status_field(const char *path, const char *key, int base);
// Returns how many threads this process has.
unsigned unit_threads(void);
// Sleeps in steps of a millisecond until *word is at least want; fails after ten seconds.
void unit_await(unsigned *word, unsigned want);
// Checks that a message about a failed start marks the row of this limit and no other, and gives
// this advice.
void unit_check_reached(const char *message, const char *limit, const char *advice);
// Returns a pseudo-random number. The sequence is the same in each run.
uint64_t unit_random(void);

// Changes the effect of one system call from now on, as sandboxes do. Skips the test if the kernel
// accepts no filter.
void unit_seccomp_answer(int number, unsigned action);

#endif // UNIT_H
