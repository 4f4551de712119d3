// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: the state of a thread or a goroutine, in a word.
#include "stack.h"

#include <string.h>

const char signal_note[] = "— a signal was handled —";

// Returns the innermost frame that is not a note.
static const struct frame *
innermost(const struct thread *th)
{
	for (size_t i = 0; th->stack != NULL && i < th->stack->n; i++) {
		if (th->stack->frame[i].lang != FRAME_NOTE) {
			return &th->stack->frame[i];
		}
	}
	return NULL;
}

// Returns whether it is the scheduler of a thread without work, or the monitor thread.
static bool
of_scheduler(struct stacks *s, const struct thread *th)
{
	static const char *const functions[] = {"runtime.stopm", "runtime.sysmon",
		"runtime.findRunnable", "runtime.findrunnable", "runtime.stoplockedm",
		"runtime.templateThread", "runtime.gcParkAssist", "runtime.startlockedm",
		"runtime.schedule"};
	const struct name *names;

	for (size_t i = 0; i < th->stack->n; i++) {
		size_t n = th->stack->frame[i].lang == FRAME_GO
				   ? names_of(s, &th->stack->frame[i], &names)
				   : 0;

		for (size_t k = 0; k < n; k++) {
			for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) {
				if (strcmp(names[k].function, functions[f]) == 0) {
					return true;
				}
			}
		}
	}
	return false;
}

enum thread_kind
thread_kind(struct stacks *s, const struct thread *th)
{
	const struct frame *f = innermost(th);

	if (f == NULL) {
		return KIND_UNKNOWN;
	}
	if (th->goroutine == NULL && th->ms != 0 && f->lang == FRAME_GO && of_scheduler(s, th)) {
		return KIND_IDLE;
	}
	if (th->read == READ_STOPPED && !th->in_syscall) {
		return KIND_RUNNING;
	}
	return f->lang == FRAME_C ? KIND_C : KIND_GO;
}

const char *
goroutine_state(const struct go_g *g)
{
	switch (g->status & ~(uint32_t)G_SCAN) {
	case G_RUNNABLE:
		return "runnable";
	case G_RUNNING:
		return "running";
	case G_SYSCALL:
		return "syscall";
	case G_WAITING:
		return "waiting";
	case G_COPYSTACK:
		return "copying its stack";
	case G_PREEMPTED:
		return "preempted";
	case G_LEAKED:
		return "leaked";
	case G_DEADEXTRA:
		return "in C";
	default:
		return "?";
	}
}
