// SPDX-License-Identifier: BSD-3-Clause
// C contexts for programs that register no context function. A call from C to Go records the
// position on its C stack in three words, on a per-thread stack of context records. Runs on the C
// thread's own stack. Records are read on any stack.

//go:build unix

#include "c_context.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "kernel.h"
#include "thread_record.h"

// The limit of nested calls from C to Go on one thread. Deeper calls are not recorded.
#define MAX_CONTEXTS 4096

// The context records of one thread, outermost first. The kernel allocates only the pages in use.
struct contexts {
	size_t count;
	struct rcgo_context_record at[MAX_CONTEXTS];
};

// owner: rcgo__contexts_init; lock: none; ordering: init_state, which is stored after it
static pthread_key_t contexts_key;

static void
contexts_free(void *contexts)
{
	munmap(contexts, sizeof(struct contexts));
}

int
rcgo__contexts_init(void)
{
	return -pthread_key_create(&contexts_key, contexts_free);
}

// Allocates the context records of the calling thread. Returns NULL if there is no memory.
static RCGO_COLD struct contexts *
contexts_make(void)
{
	int saved = errno;
	struct contexts *contexts = mmap(NULL, sizeof *contexts, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | RCGO_MAP_LAZY, -1, 0);

	if (contexts == MAP_FAILED) {
		contexts = NULL;
	} else if (pthread_setspecific(contexts_key, contexts) != 0) {
		contexts_free(contexts);
		contexts = NULL;
	}
	errno = saved;
	return contexts;
}

// Drops the records of calls that have ended without a release: Go leaves a call from C by a
// panic, or C by longjmp. The frame of an active call is above the frames of all calls that it
// made. If C code has switched stacks, nothing is known and nothing is dropped.
static RCGO_COLD void
contexts_drop_stale(struct contexts *contexts, uintptr_t cfa)
{
	const struct rcgo_thread_record *r = rcgo__thread_record();

	if (r == NULL || cfa < r->stack_lo || cfa >= r->stack_hi) {
		return;
	}
	while (contexts->count > 0) {
		uintptr_t old = contexts->at[contexts->count - 1].cfa;

		if (old < r->stack_lo || old > cfa) {
			return;
		}
		contexts->count--;
	}
}

uintptr_t
rcgo__contexts_begin(uintptr_t pc, uintptr_t cfa, uintptr_t fp)
{
	struct contexts *contexts = pthread_getspecific(contexts_key);
	struct rcgo_context_record *record;

	if (RCGO_UNLIKELY(contexts == NULL) && (contexts = contexts_make()) == NULL) {
		return 0;
	}
	if (RCGO_UNLIKELY(contexts->count > 0 && contexts->at[contexts->count - 1].cfa <= cfa)) {
		contexts_drop_stale(contexts, cfa);
	}
	if (RCGO_UNLIKELY(contexts->count == MAX_CONTEXTS)) {
		return 0;
	}
	record = &contexts->at[contexts->count++];
	record->pc = pc;
	record->cfa = cfa;
	record->fp = fp;
	return (uintptr_t)record;
}

void
rcgo__contexts_release(struct cgoContextArg *arg)
{
	struct contexts *contexts = pthread_getspecific(contexts_key);
	size_t i;

	if (contexts == NULL) {
		return;
	}
	// Also drops the records of nested calls that ended without a release.
	i = (arg->Context - (uintptr_t)contexts->at) / sizeof *contexts->at;
	if (i < contexts->count) {
		contexts->count = i;
	}
}
