// SPDX-License-Identifier: BSD-3-Clause
// Context Management: C contexts that are there when the program brings none. A call from C to Go
// notes in three words where its C stack stands, on a stack of notes of its thread. Runs on the C
// thread's own stack; notes are read on any.

//go:build unix

#include "c_context.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "thread_record.h"

// Calls from C to Go that may stand inside of each other on one thread. Deeper ones go unnoted.
#define NOTES_MAX 4096

// The notes of one thread, outermost first. The kernel gives pages only to those in use.
struct notes {
	size_t count;
	struct rcgo_context_record at[NOTES_MAX];
};

// owner: rcgo__contexts_init; lock: none; ordering: the gate, which is stored behind it
static pthread_key_t notes_key;

static void
notes_free(void *notes)
{
	munmap(notes, sizeof(struct notes));
}

int
rcgo__contexts_init(void)
{
	return -pthread_key_create(&notes_key, notes_free);
}

// The notes of this thread, made when there are none; NULL without memory for them.
static RCGO_COLD struct notes *
notes_make(void)
{
	int saved = errno;
	struct notes *notes = mmap(NULL, sizeof *notes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (notes == MAP_FAILED) {
		notes = NULL;
	} else if (pthread_setspecific(notes_key, notes) != 0) {
		notes_free(notes);
		notes = NULL;
	}
	errno = saved;
	return notes;
}

// Drops notes of calls that are gone. Go leaves a call from C by a panic, and C leaves one by
// longjmp, without a release. A call that still runs has its frame above all that is called from
// it; unless C has switched stacks, where nothing can be said.
static RCGO_COLD void
notes_drop(struct notes *notes, uintptr_t sp)
{
	const struct rcgo_thread_record *r = rcgo__thread_record();

	if (r == NULL || sp < r->stack_lo || sp >= r->stack_hi) {
		return;
	}
	while (notes->count > 0) {
		uintptr_t old = notes->at[notes->count - 1].sp;

		if (old < r->stack_lo || old > sp) {
			return;
		}
		notes->count--;
	}
}

uintptr_t
rcgo__contexts_begin(uintptr_t pc, uintptr_t sp, uintptr_t fp)
{
	struct notes *notes = pthread_getspecific(notes_key);
	struct rcgo_context_record *note;

	if (RCGO_UNLIKELY(notes == NULL) && (notes = notes_make()) == NULL) {
		return 0;
	}
	if (RCGO_UNLIKELY(notes->count > 0 && notes->at[notes->count - 1].sp <= sp)) {
		notes_drop(notes, sp);
	}
	if (RCGO_UNLIKELY(notes->count == NOTES_MAX)) {
		return 0;
	}
	note = &notes->at[notes->count++];
	note->pc = pc;
	note->sp = sp;
	note->fp = fp;
	return (uintptr_t)note;
}

void
rcgo__contexts_release(struct cgoContextArg *arg)
{
	struct notes *notes = pthread_getspecific(notes_key);
	size_t i;

	if (notes == NULL) {
		return;
	}
	// With it go those inside of it that were left without a release.
	i = (arg->Context - (uintptr_t)notes->at) / sizeof *notes->at;
	if (i < notes->count) {
		notes->count = i;
	}
}
