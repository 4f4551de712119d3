// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: Go's symbolizer. Go asks for a program counter, then again as long as there
// are more frames for it, and at last with 0. Runs on g0, or while crashing on the signal stack.
// Re-read runtime/symtab.go (expandCgoFrames) and runtime/traceback.go (printOneCgoTraceback).

#include "rcgo_symbolize.h"

#include "rcgo_base.h"
#include "rcgo_edition.h"

#define SESSIONS 4
#define SESSION_TEXT (16 * 1024)

// The frames of one program counter, given out one by one. Data of Go's argument is its number,
// from 1; so that strings stay while another thread asks.
struct session {
	uint32_t busy; // taken by whoever made it 1, until its last call
	uint32_t count, next;
	uintptr_t pc;
	struct rcgo_frame frames[RCGO_FRAMES_MAX];
	char text[SESSION_TEXT];
};

// owner: whoever made a session's busy 1 lock: none, it is only tried ordering: acquire, release
static struct session sessions[SESSIONS];

static struct session *
session_take(void)
{
	for (size_t i = 0; i < SESSIONS; i++) {
		if (__atomic_exchange_n(&sessions[i].busy, 1, __ATOMIC_ACQUIRE) == 0) {
			// Who had it may have ended amid the frames of a program counter.
			sessions[i].count = sessions[i].next = 0;
			return &sessions[i];
		}
	}
	return NULL;
}

static void
session_show(const struct rcgo_frame *frame, struct cgoSymbolizerArg *arg)
{
	arg->File = frame->file;
	arg->Lineno = frame->line;
	arg->Func = frame->function;
	arg->Entry = frame->entry;
}

void
rcgo__symbolizer(struct cgoSymbolizerArg *arg)
{
	struct session *session = NULL;

	if (arg->Data != 0 && arg->Data <= SESSIONS) {
		session = &sessions[arg->Data - 1];
	}
	if (arg->PC == 0) {
		if (session != NULL) {
			rcgo_store_rel(&session->busy, 0);
			arg->Data = 0;
		}
		return;
	}
	if (session == NULL) {
		session = session_take();
	}
	if (session == NULL) {
		// More sequences at once than any Go has: the innermost frame must do.
		struct rcgo_frame frame;

		rcgo__symbolize(rcgo__edition_ask(arg->PC), &frame, 1);
		session_show(&frame, arg);
		arg->More = 0;
		return;
	}
	if (session->pc != arg->PC || session->next >= session->count) {
		session->pc = arg->PC;
		session->next = 0;
		session->count = (uint32_t)rcgo__symbolize_into(rcgo__edition_ask(arg->PC),
			session->frames, RCGO_FRAMES_MAX, session->text, SESSION_TEXT);
	}
	session_show(&session->frames[session->next++], arg);
	arg->More = session->next < session->count;
	arg->Data = (uintptr_t)(session - sessions) + 1;
}
