// SPDX-License-Identifier: BSD-3-Clause
// Creation of threads, and the message that names the limit if it fails. Runs on g0 (or, for
// c-shared, on the loading thread).
// Re-read runtime/cgo/gcc_libinit.c (pthread_unix.c from 1.27).

//go:build unix

//rcgo:small

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fatal.h"
#include "libc_signal.h"
#include "symbol_lookup.h"
#include "options.h"
#include "raw_syscall.h"
#include "stats_page.h"
#include "thread_management.h"
#include "syscall_trial.h"

// A limit may be reached only briefly (golang/go#18146). Therefore creation is retried, at first
// quickly, then less often, for two seconds.
#define RETRY_FIRST_NS (100 * 1000L)
#define RETRY_LAST_NS (50 * 1000 * 1000L)
#define RETRY_TOTAL_NS (2000 * 1000 * 1000L)
// With RCGO=threads=stock: one millisecond before the second attempt, two before the third, and so
// on, as the stock runtime/cgo does.
#define STOCK_TRIES 20
#define STOCK_STEP_NS (1000 * 1000L)

// A smaller default size of libc is raised to this.
#define MIN_DEFAULT_STACK ((size_t)1 << 20)
// A smaller stack has no room for a signal handler, Go's own needs and a little C code.
#define MIN_STACK ((size_t)64 << 10)
// If memory for stacks has run out, stack sizes are halved down to this.
#define MIN_REDUCED_STACK ((size_t)256 << 10)

// The size to which the last stack was reduced, 0 if none was. Later threads try this size first.
// owner: rcgo__thread_attr_shrink; lock: none; ordering: relaxed, any of its values will do
static size_t reduced_stack_size;

// glibc 2.32 and later can set the signal mask of a new thread. That saves the creator two system
// calls, as many as naming the new thread costs.
#define SET_MASK "pthread_attr_setsigmask_np"
typedef int (*set_mask_fn)(pthread_attr_t *, const sigset_t *);

// owner: any thread, always with the same value; lock: none; ordering: set_mask_known
static set_mask_fn set_mask;
// owner: as set_mask; lock: none; ordering: release on writing, acquire on reading
static bool set_mask_known;

// Exported by every sanitizer whose pthread_create replaces libc's. Newer ones give the new
// thread the mask of the creator.
#define SANITIZER "__sanitizer_install_malloc_and_free_hooks"

// Requests that the thread starts with every signal blocked. Returns whether libc does that.
// Indirect: libc's pthread_attr_setsigmask_np, found by name.
static bool
attr_blocks_signals(pthread_attr_t *attr)
{
	sigset_t all;

	if (!rcgo_load_acq(&set_mask_known)) {
		void *p =
			rcgo__lookup_first(SANITIZER) == NULL ? rcgo__lookup_first(SET_MASK) : NULL;

		memcpy(&set_mask, &p, sizeof p);
		rcgo_store_rel(&set_mask_known, true);
	}
	if (set_mask == NULL) {
		return false;
	}
	sigfillset(&all);
	return set_mask(attr, &all) == 0;
}

// Returns the stack size: the user's, else libc's or the minimum. 0: do not change it.
static size_t
wanted_stack(size_t libcs)
{
	size_t size = (size_t)rcgo__option_size("stack", 0);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (size == 0 && rcgo__option_is("threads", "stock")) {
		return 0;
	}
	if (size == 0) {
		return libcs >= MIN_DEFAULT_STACK ? 0 : MIN_DEFAULT_STACK;
	}
	size = size < MIN_STACK ? MIN_STACK : size;
	return (size + page - 1) & ~(page - 1);
}

// Returns the size of the guard area that libc makes where this one is asked for.
#if defined(__aarch64__) && defined(__GLIBC__)
static size_t
real_guard(size_t asked)
{
	// ARCH_MIN_GUARD_SIZE, which pthread_attr_getguardsize does not tell.
	return asked != 0 && asked < (size_t)64 << 10 ? (size_t)64 << 10 : asked;
}
#else
static size_t
real_guard(size_t asked)
{
	return asked;
}
#endif

void
rcgo__thread_attr_init(struct rcgo_thread_attr *attr_req, bool signals_blocked)
{
	size_t wanted;
	uint64_t guard;

	attr_req->stack_size = 0;
	attr_req->guard_size = 0;
	attr_req->tries = 0;
	pthread_attr_init(&attr_req->attr);
	pthread_attr_setdetachstate(&attr_req->attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_getstacksize(&attr_req->attr, &attr_req->stack_size);
	wanted = wanted_stack(attr_req->stack_size);
	if (wanted != 0 && pthread_attr_setstacksize(&attr_req->attr, wanted) == 0) {
		attr_req->stack_size = wanted;
	}
	guard = rcgo__option_size("guard", UINT64_MAX);
	if (guard != UINT64_MAX) {
		pthread_attr_setguardsize(&attr_req->attr, (size_t)guard);
	}
	pthread_attr_getguardsize(&attr_req->attr, &attr_req->guard_size);
	attr_req->guard_size = real_guard(attr_req->guard_size);
	attr_req->block_signals = signals_blocked && !attr_blocks_signals(&attr_req->attr);
}

void
rcgo__thread_attr_destroy(struct rcgo_thread_attr *attr_req)
{
	pthread_attr_destroy(&attr_req->attr);
}

bool
rcgo__thread_attr_shrink(struct rcgo_thread_attr *attr_req)
{
	size_t size = rcgo_load_rlx(&reduced_stack_size);

	if (size == 0 || size >= attr_req->stack_size) {
		size = attr_req->stack_size / 2;
	}
	if (size < MIN_REDUCED_STACK || rcgo__option_is("threads", "stock") ||
		!rcgo__limits_are_memory(attr_req->stack_size, attr_req->guard_size) ||
		pthread_attr_setstacksize(&attr_req->attr, size) != 0) {
		return false;
	}
	attr_req->stack_size = size;
	rcgo_store_rlx(&reduced_stack_size, size);
	rcgo_add_rlx(&rcgo__stats()->stacks_smaller, 1);
	return true;
}

// Makes one attempt. Returns 0 or an errno.
static int
create(const struct rcgo_thread_attr *attr_req, void *(*f)(void *), void *arg)
{
	pthread_t thread;
	sigset_t all, mask;
	int err;

	if (attr_req->block_signals) {
		sigfillset(&all);
		rcgo__libc_thread_mask(SIG_SETMASK, &all, &mask);
	}
	err = pthread_create(&thread, &attr_req->attr, f, arg);
	if (attr_req->block_signals) {
		rcgo__libc_thread_mask(SIG_SETMASK, &mask, NULL);
	}
	return err;
}

static void
sleep_for(long nanoseconds)
{
	struct timespec ts = {.tv_sec = 0, .tv_nsec = nanoseconds};
	int cancel = rcgo__cancel_disable();

	while (nanosleep(&ts, &ts) != 0 && errno == EINTR) {
	}
	rcgo__cancel_restore(cancel);
}

// Whether a thread is reporting that none could be started.
// owner: rcgo__thread_create_fatal; lock: none; ordering: one exchange finds false
static uint32_t fatal_reported; // 1 or 0

void
rcgo__thread_create_fatal(const struct rcgo_thread_attr *attr_req, int err)
{
	char buf[1920];
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);

	// One report is enough: if one thread cannot start another, others often cannot either.
	// The first one ends the process.
	if (__atomic_exchange_n(&fatal_reported, 1, __ATOMIC_ACQ_REL) != 0) {
		sleep_for(1000 * 1000 * 1000L);
	}
	rcgo_add_rlx(&rcgo__stats()->start_failures, 1);
	rcgo__append_str(&t, "pthread_create failed: ");
	rcgo__append_errno(&t, err);
	if (rcgo__option_is("threads", "stock")) {
		rcgo__fatal(buf);
	}
	rcgo__append_str(&t, ", tries: ");
	rcgo__append_uint(&t, attr_req->tries, 0);
	if (rcgo__syscall_trial_passed()) {
		rcgo__limits_explain(&t, attr_req->stack_size, attr_req->guard_size);
	} else {
		rcgo__append_str(
			&t, "\n\tA seccomp filter keeps this program from looking for the reason.");
	}
	rcgo__fatal(buf);
}

// Retries as the stock runtime/cgo does. err is the result of the first attempt.
static int
retry_as_stock(struct rcgo_thread_attr *attr_req, void *(*f)(void *), void *arg, int err)
{
	while (err == EAGAIN && attr_req->tries < STOCK_TRIES) {
		sleep_for((long)attr_req->tries * STOCK_STEP_NS);
		attr_req->tries++;
		err = create(attr_req, f, arg);
	}
	return err;
}

int
rcgo__thread_create(struct rcgo_thread_attr *attr_req, void *(*f)(void *), void *arg)
{
	long total = RETRY_TOTAL_NS;
	long pause = RETRY_FIRST_NS;
	long waited = 0;
	int err = create(attr_req, f, arg);

	attr_req->tries++;
	if (RCGO_UNLIKELY(err != 0) && rcgo__option_is("threads", "stock")) {
		return retry_as_stock(attr_req, f, arg, err);
	}
	// Once a stack had to be reduced, waiting for memory is known not to help.
	if (err == EAGAIN && rcgo_load_rlx(&reduced_stack_size) != 0 &&
		rcgo__limits_are_memory(attr_req->stack_size, attr_req->guard_size)) {
		total = 0;
	}
	while (err == EAGAIN && waited < total) {
		sleep_for(pause);
		rcgo_add_rlx(&rcgo__stats()->start_retries, 1);
		waited += pause;
		pause = pause * 2 < RETRY_LAST_NS ? pause * 2 : RETRY_LAST_NS;
		attr_req->tries++;
		err = create(attr_req, f, arg);
	}
	return err;
}

// Thread starts: the data that passes from the creator of a thread to the new one. Allocated on
// g0, freed on the new thread's own stack.
// Re-read runtime/cgo/gcc_util.c (x_cgo_thread_start).

// Few starts are pending at once. They come from this table, because free would be the new
// thread's first use of malloc, which creates a cache for that thread: a twentieth of its start.
#define MAX_STARTS 32

// owner: the holder of the bit in starts_taken; lock: none; ordering: that bit's
static struct rcgo_thread_start starts[MAX_STARTS];
// owner: takers and givers; lock: none; ordering: acquire on taking, release on giving
static uint32_t starts_taken;

struct rcgo_thread_start *
rcgo__thread_start_alloc(void)
{
	uint32_t taken = rcgo_load_rlx(&starts_taken);
	struct rcgo_thread_start *start;

	while (~taken != 0) {
		uint32_t i = (uint32_t)__builtin_ctz(~taken);

		if (rcgo_cas(&starts_taken, &taken, taken | (uint32_t)1 << i)) {
			return &starts[i];
		}
	}
	start = malloc(sizeof *start);
	if (start == NULL) {
		rcgo__fatal("out of memory while starting a thread: malloc failed");
	}
	return start;
}

void
rcgo__thread_start_free(struct rcgo_thread_start *start)
{
	uintptr_t i = ((uintptr_t)start - (uintptr_t)starts) / sizeof *start;
	uint32_t taken = rcgo_load_rlx(&starts_taken);

	if (i >= MAX_STARTS) {
		free(start);
		return;
	}
	while (!rcgo_cas(&starts_taken, &taken, taken & ~((uint32_t)1 << i))) {
	}
}
