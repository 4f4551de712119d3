// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: a new thread, or a message that says which limit is in its way.
// Runs on g0 (or, for c-shared, on the loading thread).
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

// A limit may be reached for a moment only (golang/go#18146), so a start is tried again, at first
// soon, then less often, until two seconds have gone.
#define RETRY_FIRST_NS (100 * 1000L)
#define RETRY_LAST_NS (50 * 1000 * 1000L)
#define RETRY_TOTAL_NS (2000 * 1000 * 1000L)

// What libc gives by default is raised to this.
#define STACK_FLOOR ((size_t)1 << 20)
// Less does not hold a signal handler, Go's own needs and a little C.
#define STACK_LEAST ((size_t)64 << 10)
// Where memory for stacks has run out, stacks are halved down to this.
#define STACK_LAST ((size_t)256 << 10)

// The size that the last stack was made smaller to, 0 if none was: those that follow try it soon.
// owner: rcgo__thread_attr_shrink; lock: none; ordering: relaxed, any of its values will do
static size_t stack_made_small;

// glibc 2.32 and later can be told the signal mask of a new thread, which saves the creator two
// system calls: as many as the new thread's name costs.
#define SET_MASK "pthread_attr_setsigmask_np"
typedef int (*set_mask_fn)(pthread_attr_t *, const sigset_t *);

// owner: any thread, always with the same value; lock: none; ordering: set_mask_known
static set_mask_fn set_mask;
// owner: as set_mask; lock: none; ordering: release on writing, acquire on reading
static bool set_mask_known;

// Every sanitizer exports it whose pthread_create is in the way of libc's: newer ones give the new
// thread the mask of the creator.
#define SANITIZER "__sanitizer_install_malloc_and_free_hooks"

// Has the thread start with every signal blocked. Returns whether libc takes care of that.
// Indirect: libc's own, which is looked up.
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

// The stack's size: the user's choice, else libc's or the floor; 0: leave it as it is.
static size_t
wanted_stack(size_t libcs)
{
	size_t size = (size_t)rcgo__option_size("stack", 0);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (size == 0) {
		return libcs >= STACK_FLOOR ? 0 : STACK_FLOOR;
	}
	size = size < STACK_LEAST ? STACK_LEAST : size;
	return (size + page - 1) & ~(page - 1);
}

void
rcgo__thread_attr_init(struct rcgo_thread_attr *attr_req, bool signals_blocked)
{
	size_t wanted;
	uint64_t guard;

	attr_req->stack_size = 0;
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
	size_t size = rcgo_load_rlx(&stack_made_small);

	if (size == 0 || size >= attr_req->stack_size) {
		size = attr_req->stack_size / 2;
	}
	if (size < STACK_LAST || !rcgo__limits_are_memory(attr_req->stack_size) ||
		pthread_attr_setstacksize(&attr_req->attr, size) != 0) {
		return false;
	}
	attr_req->stack_size = size;
	rcgo_store_rlx(&stack_made_small, size);
	rcgo_add_rlx(&rcgo__stats()->stacks_smaller, 1);
	return true;
}

// One try. Returns 0 or an errno.
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

void
rcgo__thread_create_fatal(const struct rcgo_thread_attr *attr_req, int err)
{
	char buf[1920];
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);

	rcgo_add_rlx(&rcgo__stats()->start_failures, 1);
	rcgo__append_str(&t, "pthread_create failed: ");
	rcgo__append_errno(&t, err);
	rcgo__append_str(&t, ", tries: ");
	rcgo__append_uint(&t, attr_req->tries, 0);
	if (rcgo__syscall_trial_passed()) {
		rcgo__limits_explain(&t, attr_req->stack_size);
	} else {
		rcgo__append_str(
			&t, "\n\tA seccomp filter keeps this program from looking for the reason.");
	}
	rcgo__fatal(buf);
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

int
rcgo__thread_create(struct rcgo_thread_attr *attr_req, void *(*f)(void *), void *arg)
{
	long total = RETRY_TOTAL_NS;
	long pause = RETRY_FIRST_NS;
	long waited = 0;
	int err = create(attr_req, f, arg);

	attr_req->tries++;
	// Once a stack had to be smaller, waiting for memory has been shown not to help.
	if (err == EAGAIN && rcgo_load_rlx(&stack_made_small) != 0 &&
		rcgo__limits_are_memory(attr_req->stack_size)) {
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

// Thread Management: what goes from the thread that starts another to the new one. Taken on g0,
// given back on the new thread's own stack.
// Re-read runtime/cgo/gcc_util.c (x_cgo_thread_start).

// Few starts are on their way at once. They do without malloc, for free would be the new thread's
// first call of it, which makes a cache for that thread: a twentieth of its start.
#define STARTS 32

// owner: who has the bit in starts_taken; lock: none; ordering: that bit's
static struct rcgo_thread_start starts[STARTS];
// owner: whoever takes or gives; lock: none; ordering: acquire on taking, release on giving
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

	if (i >= STARTS) {
		free(start);
		return;
	}
	while (!rcgo_cas(&starts_taken, &taken, taken & ~((uint32_t)1 << i))) {
	}
}
