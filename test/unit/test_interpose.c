// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling, interposition: handlers without SA_ONSTACK on threads that have an alternate
// stack. Long because: all tests share the same handlers.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "kernel_sigaction.h"
#include "interpose.h"
#include "signal_handling.h"
#include "sigset_tools.h"
#include "thread_record.h"
#include "unit.h"

#define ALTERNATE_SIZE (256 * 1024)

// A value in a floating-point register.
#ifdef __x86_64__
#	define RCGO_FLOATS(x) "+x"(x)
#else
#	define RCGO_FLOATS(x) "+w"(x)
#endif

// The bounds of Go's code and the goroutine of the thread, which a program gets from
// runtime/overlay/rcgo_go_text.s: here none.
extern struct rcgo_go_text {
	uintptr_t start, end;
	const G *(*current_g)(void);
} rcgo_go_text;
struct rcgo_go_text rcgo_go_text;

static char *alternate;
static unsigned calls;
static bool was_on_alternate;
static uintptr_t ran_at;
static uint64_t mask_inside, mask_before;
static int frames;
static sigjmp_buf away;

static void
use_alternate(void)
{
	stack_t st = {.ss_size = ALTERNATE_SIZE};

	alternate = malloc(ALTERNATE_SIZE);
	st.ss_sp = alternate;
	CHECK_INT(sigaltstack(&st, NULL), 0);
}

static uint64_t
bit(int sig)
{
	return (uint64_t)1 << (sig - 1);
}

static void
note(void)
{
	const char *here = __builtin_frame_address(0);
	sigset_t mask;

	calls++;
	ran_at = (uintptr_t)here;
	was_on_alternate = here >= alternate && here < alternate + ALTERNATE_SIZE;
	sigprocmask(SIG_SETMASK, NULL, &mask);
	memcpy(&mask_inside, &mask, sizeof mask_inside);
}

static void
plain(int sig)
{
	(void)sig;
	note();
}

static void
full(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;
	void *pcs[64];

	note();
	memcpy(&mask_before, &uc->uc_sigmask, sizeof mask_before);
	frames = backtrace(pcs, UNIT_COUNTOF(pcs));
	calls += info->si_signo == sig ? 0 : 1000;
}

static void
install(int sig, void (*handler)(int), int flags, uint64_t mask)
{
	struct sigaction act = {.sa_handler = handler, .sa_flags = flags};

	memcpy(&act.sa_mask, &mask, sizeof mask);
	CHECK_INT(rcgo__interpose_sigaction(sig, &act, NULL), 0);
}

static void
install_full(int sig, int flags, uint64_t mask)
{
	struct sigaction act = {.sa_flags = flags | SA_SIGINFO};

	act.sa_sigaction = full;
	memcpy(&act.sa_mask, &mask, sizeof mask);
	CHECK_INT(rcgo__interpose_sigaction(sig, &act, NULL), 0);
}

#ifdef __x86_64__
// Register widths: 16 for XMM, 16 for YMM, 32 for ZMM.
#	define UNIT_WIDE_SIZE ((size_t)32 * 64)
#	define UNIT_WIDEST \
		(__builtin_cpu_supports("avx512f") ? 2 : __builtin_cpu_supports("avx2") ? 1 : 0)
#	define UNIT_WIDE_USED(width) \
		((width) == 0 ? 16 * 16 : (width) == 1 ? 16 * 32 : UNIT_WIDE_SIZE)
#else
#	define UNIT_WIDE_SIZE ((size_t)32 * 16)
#	define UNIT_WIDEST 0
#	define UNIT_WIDE_USED(width) UNIT_WIDE_SIZE
#endif

// Loads the registers of that width from before, sends sig to the process, and stores the registers
// in after (probe_*.S).
void unit_probe_wide(const void *before, void *after, int width, int pid, int sig);
// Sets all of them to 0.
void unit_probe_wide_clear(int width);

static void
spoil(int sig)
{
	(void)sig;
	note();
	unit_probe_wide_clear(UNIT_WIDEST);
}

static void
record_ended(struct rcgo_thread_record *r)
{
	(void)r;
}

// Makes the calling thread one that Go knows. The test says where its C stack is.
static struct rcgo_thread_record *
known_thread(void)
{
	struct rcgo_thread_record *r;

	CHECK(rcgo__thread_records_init(record_ended, false));
	r = rcgo__thread_record_make(RCGO_THREAD_GO);
	CHECK(r != NULL);
	rcgo__signal_init();
	rcgo__interpose_set_mode(RCGO_INTERPOSE_FULL);
	return r;
}

TEST(c_stays_on_its_stack)
{
	use_alternate();
	install(SIGUSR1, plain, 0, bit(SIGUSR2));
	for (unsigned i = 1; i <= 1000; i++) {
		CHECK_INT(raise(SIGUSR1), 0);
		CHECK_INT(calls, i);
		CHECK(!was_on_alternate);
		CHECK_INT(mask_inside, bit(SIGUSR1) | bit(SIGUSR2));
	}
	install(SIGUSR1, plain, SA_ONSTACK | SA_NODEFER, 0);
	CHECK_INT(raise(SIGUSR1), 0);
	CHECK(was_on_alternate);
	CHECK_INT(mask_inside, 0);
}

TEST(a_known_stack_of_c)
{
	struct rcgo_thread_record *told;

	use_alternate();
	told = known_thread();
	told->stack_lo = (uintptr_t)__builtin_frame_address(0) - 65536;
	told->stack_hi = (uintptr_t)__builtin_frame_address(0) + 65536;
	install_full(SIGUSR1, SA_NODEFER, 0);
	CHECK_INT(raise(SIGUSR1), 0);
	CHECK_INT(calls, 1);
	CHECK(!was_on_alternate);
}

TEST(a_stack_of_go_is_not_touched)
{
	struct rcgo_thread_record *told;

	use_alternate();
	told = known_thread();
	// An address outside.
	told->stack_lo = 4096;
	told->stack_hi = 8192;
	install_full(SIGUSR1, 0, bit(SIGHUP));
	CHECK_INT(raise(SIGUSR1), 0);
	CHECK_INT(calls, 1);
	CHECK(was_on_alternate);
	CHECK_INT(mask_inside, bit(SIGHUP) | bit(SIGUSR1));
}

static const G *goroutine;

static const G *
current_g(void)
{
	return goroutine;
}

// If a signal interrupts a goroutine, the handler runs on the thread's C stack, below the point
// where C called Go.
TEST(below_where_go_began)
{
	_Alignas(16) static unsigned char left[65536];
	struct {
		G g;
		struct rcgo_gobuf sched;
	} g0 = {.sched.sp = (uintptr_t)left + sizeof left - 4096};
	struct rcgo_thread_record *told;
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	G own = {.stacklo = here - 65536, .stackhi = here + 65536};

	use_alternate();
	told = known_thread();
	told->stack_lo = (uintptr_t)left;
	told->stack_hi = (uintptr_t)left + sizeof left;
	told->g0 = &g0.g;
	memset(left, 0xcc, sizeof left);
	install(SIGUSR1, plain, 0, 0);
	// C has switched to a stack of its own: the free part of the thread's stack begins there.
	CHECK_INT(raise(SIGUSR1), 0);
	CHECK(was_on_alternate);
	// While C runs, Go's current g is g0.
	g0.g.stacklo = own.stacklo;
	g0.g.stackhi = own.stackhi;
	goroutine = &g0.g;
	rcgo_go_text.current_g = current_g;
	CHECK_INT(raise(SIGUSR1), 0);
	CHECK(was_on_alternate);
	// Code of a plugin.
	goroutine = &own;
	CHECK_INT(raise(SIGUSR1), 0);
	CHECK(!was_on_alternate);
	CHECK(ran_at > told->stack_lo && ran_at < g0.sched.sp);
	// Code of the program that is switching stacks.
	goroutine = NULL;
	rcgo_go_text.end = UINTPTR_MAX;
	CHECK_INT(raise(SIGUSR1), 0);
	CHECK_INT(calls, 4);
	CHECK(!was_on_alternate);
	CHECK(ran_at > told->stack_lo && ran_at < g0.sched.sp);
	for (size_t i = sizeof left - 4096; i < sizeof left; i++) {
		CHECK_INT(left[i], 0xcc);
	}
	// A value that is not on that stack is ignored.
	g0.sched.sp = told->stack_hi + 1;
	CHECK_INT(raise(SIGUSR1), 0);
	CHECK(was_on_alternate);
}

TEST(a_stack_that_c_switched_to)
{
	struct rcgo_thread_record *told;

	use_alternate();
	told = known_thread();
	told->stack_lo = 4096;
	told->stack_hi = 8192;
	told->alt_c_stack_lo = (uintptr_t)__builtin_frame_address(0) - 65536;
	told->alt_c_stack_hi = (uintptr_t)__builtin_frame_address(0) + 65536;
	install_full(SIGUSR1, 0, 0);
	CHECK_INT(raise(SIGUSR1), 0);
	CHECK(!was_on_alternate);
}

TEST(the_frame_is_whole)
{
	int with;

	install_full(SIGUSR1, 0, 0);
	CHECK_INT(raise(SIGUSR1), 0); // no alternate stack: the kernel's own frame
	with = frames;
	use_alternate();
	CHECK_INT(raise(SIGUSR1), 0);
	CHECK_INT(frames, with);
	CHECK(frames >= 5 || unit_emulated());
	CHECK_INT(mask_before, 0);
}

// Registers of every kind are preserved, also those that need the largest XSAVE area.
TEST(registers_survive)
{
	double sum = 0, a = 1.5, b = 2.25, c = 3.125, d = 1e-9;

	use_alternate();
	install_full(SIGUSR2, SA_RESTART, 0);
	unit_stress_start(SIGUSR2);
	do {
		for (int i = 0; i < 1000; i++) {
			__asm__ volatile("" : RCGO_FLOATS(a), RCGO_FLOATS(b));
			sum += a * b - c * d;
			sum -= a * b - c * d;
		}
		CHECK(sum == 0);
	} while (unit_stress_lasts(&calls));
	unit_stress_stop();
	CHECK(!was_on_alternate);
}

// The widest registers of the CPU are fully preserved across a handler that changes all of them.
TEST(wide_registers_survive)
{
	_Alignas(64) unsigned char before[UNIT_WIDE_SIZE], after[UNIT_WIDE_SIZE];

	use_alternate();
	install(SIGUSR1, spoil, 0, 0);
	for (int width = 0; width <= UNIT_WIDEST; width++) {
		for (size_t i = 0; i < sizeof before; i++) {
			before[i] = (unsigned char)(i * 7 + i / 64 + 1);
		}
		memset(after, 0, sizeof after);
		unit_probe_wide(before, after, width, getpid(), SIGUSR1);
		CHECK_INT(calls, width + 1);
		CHECK(!was_on_alternate);
		CHECK(memcmp(before, after, UNIT_WIDE_USED(width)) == 0);
	}
}

static void
jump(int sig)
{
	note();
	siglongjmp(away, sig);
}

TEST(jumps_out)
{
	use_alternate();
	install(SIGUSR1, jump, 0, 0);
	for (unsigned i = 1; i <= 100; i++) {
		if (sigsetjmp(away, 1) == 0) {
			raise(SIGUSR1);
			CHECK(false);
		}
		CHECK_INT(calls, i);
		CHECK(!was_on_alternate);
	}
}

TEST(once)
{
	struct kernel_action kernel;
	struct sigaction now;

	use_alternate();
	install_full(SIGUSR1, (int)SA_RESETHAND, bit(SIGTERM));
	CHECK_INT(raise(SIGUSR1), 0);
	CHECK_INT(calls, 1);
	CHECK(!was_on_alternate);
	CHECK_INT(kernel_sigaction(SIGUSR1, NULL, &kernel), 0);
	CHECK_INT(kernel.handler, 0);
	CHECK_INT(rcgo__interpose_sigaction(SIGUSR1, NULL, &now), 0);
	CHECK_INT(
		(unsigned)now.sa_flags & ~KERNEL_SA_RESTORER, (unsigned)SA_RESETHAND | SA_SIGINFO);
	CHECK_INT(bits_of_set(rcgo__sigmask_to_go(&now.sa_mask)), bit(SIGTERM));
}

static unsigned mismatches;

static void
check_mask(int sig, uint64_t other)
{
	sigset_t mask;
	uint64_t now;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	memcpy(&now, &mask, sizeof now);
	if ((now & (bit(SIGHUP) | bit(SIGTERM))) != other || (now & bit(sig)) == 0) {
		__atomic_fetch_add(&mismatches, 1, __ATOMIC_RELAXED);
	}
	__atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
}

static void
with_hup(int sig)
{
	check_mask(sig, bit(SIGHUP));
}

static void
with_term(int sig)
{
	check_mask(sig, bit(SIGTERM));
}

static void *
receive(void *end)
{
	use_alternate();
	while (!__atomic_load_n((bool *)end, __ATOMIC_ACQUIRE)) {
		raise(SIGUSR1);
	}
	return NULL;
}

// Every thread sees handler and mask change together.
TEST(no_window)
{
	pthread_t thread;
	bool end = false;

	install(SIGUSR1, with_hup, 0, bit(SIGHUP));
	CHECK_INT(pthread_create(&thread, NULL, receive, &end), 0);
	while (__atomic_load_n(&calls, __ATOMIC_RELAXED) < 20000) {
		install(SIGUSR1, with_term, SA_RESTART, bit(SIGTERM));
		install(SIGUSR1, with_hup, 0, bit(SIGHUP));
	}
	__atomic_store_n(&end, true, __ATOMIC_RELEASE);
	CHECK_INT(pthread_join(thread, NULL), 0);
	// An emulator has a table of actions of its own.
	CHECK(mismatches == 0 || unit_emulated());
}

TEST(more_actions_than_records)
{
	struct sigaction now;

	use_alternate();
	for (uint64_t i = 0; i < 3 * RCGO_ACTION_SLOTS; i++) {
		uint64_t mask = i << 40;

		install(SIGUSR1, plain, SA_RESTART, mask);
		CHECK_INT(rcgo__interpose_sigaction(SIGUSR1, NULL, &now), 0);
		CHECK(now.sa_handler == plain);
		CHECK_INT((unsigned)now.sa_flags & ~KERNEL_SA_RESTORER, SA_RESTART);
		CHECK_INT(bits_of_set(rcgo__sigmask_to_go(&now.sa_mask)), mask);
		CHECK_INT(raise(SIGUSR1), 0);
		CHECK_INT(calls, i + 1);
		CHECK_INT(mask_inside, mask | bit(SIGUSR1));
		CHECK(!was_on_alternate);
	}
}

TEST(in_children)
{
	int status;
	pid_t pid;

	use_alternate();
	install(SIGUSR1, plain, 0, 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		install(SIGUSR2, plain, 0, 0);
		raise(SIGUSR1);
		raise(SIGUSR2);
		_exit(calls == 2 && !was_on_alternate ? 7 : 8);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(WEXITSTATUS(status), 7);
}

// Code that reads the kernel's table without us and writes the action back restores the same
// action.
TEST(past_us)
{
	struct kernel_action kernel;
	struct sigaction now, raw;

	use_alternate();
	install(SIGUSR1, plain, 0, bit(SIGHUP));
	CHECK_INT(kernel_sigaction(SIGUSR1, NULL, &kernel), 0);
	CHECK((kernel.flags & SA_ONSTACK) != 0);
	CHECK_INT(rcgo__libc_sigaction(SIGUSR1, NULL, &raw), 0);
	install(SIGUSR1, SIG_DFL, 0, 0);
	CHECK_INT(kernel_sigaction(SIGUSR1, &kernel, NULL), 0);
	CHECK_INT(raise(SIGUSR1), 0);
	CHECK_INT(mask_inside, bit(SIGHUP) | bit(SIGUSR1));
	// An action that was read from the kernel and is installed by our sigaction counts as C's.
	CHECK_INT(rcgo__interpose_sigaction(SIGUSR1, &raw, NULL), 0);
	CHECK_INT(rcgo__interpose_sigaction(SIGUSR1, NULL, &now), 0);
	CHECK(now.sa_handler == plain);
	CHECK_INT(bits_of_set(rcgo__sigmask_to_go(&now.sa_mask)), bit(SIGHUP));
	CHECK_INT(raise(SIGUSR1), 0);
	CHECK_INT(calls, 2);
}

TEST(errors_are_libcs)
{
	struct sigaction act = {.sa_handler = plain};

	for (int sig = -2; sig <= 70; sig++) {
		int want, wanted;

		errno = 0;
		want = rcgo__libc_sigaction(sig, NULL, &act);
		wanted = errno;
		act.sa_handler = plain;
		if (want != 0) {
			errno = 0;
			CHECK_INT(rcgo__interpose_sigaction(sig, &act, NULL), -1);
			CHECK_INT(errno, wanted);
		}
	}
	CHECK_INT(rcgo__interpose_sigaction(SIGKILL, &act, NULL), -1);
	CHECK_INT(errno, EINVAL);
}

TEST(modes)
{
	use_alternate();
	rcgo__interpose_set_mode(RCGO_INTERPOSE_ONSTACK);
	install(SIGUSR1, plain, 0, 0);
	CHECK_INT(raise(SIGUSR1), 0);
	CHECK(was_on_alternate);
	rcgo__interpose_set_mode(RCGO_INTERPOSE_OFF);
	install(SIGUSR1, plain, 0, 0);
	CHECK_INT(raise(SIGUSR1), 0);
	CHECK(!was_on_alternate);
}

// Actions that were installed before the mode was known, as by the host of a library. Go itself
// adds SA_ONSTACK later.
TEST(modes_hold_for_what_was_there)
{
	struct kernel_action act;

	use_alternate();
	install(SIGUSR1, plain, SA_RESTART, bit(SIGUSR2));
	rcgo__interpose_set_mode(RCGO_INTERPOSE_OFF);
	CHECK_INT(kernel_sigaction(SIGUSR1, NULL, &act), 0);
	CHECK(act.handler == (uintptr_t)plain);
	CHECK_INT(act.flags & ~KERNEL_SA_RESTORER, SA_RESTART);
	CHECK_INT(act.mask, bit(SIGUSR2));
}

UNIT_MAIN(UNIT_TEST(c_stays_on_its_stack), UNIT_TEST(a_known_stack_of_c),
	UNIT_TEST(a_stack_of_go_is_not_touched), UNIT_TEST(below_where_go_began),
	UNIT_TEST(a_stack_that_c_switched_to), UNIT_TEST(the_frame_is_whole),
	UNIT_TEST(registers_survive), UNIT_TEST(wide_registers_survive), UNIT_TEST(jumps_out),
	UNIT_TEST(once), UNIT_TEST(no_window), UNIT_TEST(more_actions_than_records),
	UNIT_TEST(in_children), UNIT_TEST(past_us), UNIT_TEST(errors_are_libcs), UNIT_TEST(modes),
	UNIT_TEST(modes_hold_for_what_was_there))
