// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, default: what Go's tables say about the program. Read on g0 as Go starts.
// Re-read runtime/symtab.go (moduledata, moduledataverify1) and cmd/link/internal/ld/pcln.go.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // memmem
#endif
#include "default_hooks.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "compat.h"
#include "crash_report.h"
#include "module.h"
#include "module_generation.h"
#include "raw_syscall.h"
#include "strbuf.h"
#include "symbolizer.h"

#define MAGIC_1_18 0xfffffff0 // Go 1.18 and 1.19
#define MAGIC_1_20 0xfffffff1 // Go 1.20 on

// Two structures that each count the functions agree only where both have the layout we know.
bool
rcgo__go_module_known(const struct rcgo_go_module *m)
{
	const struct rcgo_go_pc_header *h = m->pcHeader;
	uintptr_t lo = (uintptr_t)h;
	uintptr_t names = (uintptr_t)m->funcnametab.array;
	uintptr_t funcs = (uintptr_t)m->ftab.array;

	return h != NULL && (h->magic == MAGIC_1_18 || h->magic == MAGIC_1_20) && h->pad1 == 0 &&
	       h->pad2 == 0 && h->ptrSize == sizeof(void *) && h->nfunc > 0 &&
	       m->ftab.len == h->nfunc + 1 && names > lo && funcs > names &&
	       m->funcnametab.len > 0 && (uintptr_t)m->funcnametab.len <= funcs - names &&
	       m->text < m->etext && m->text <= m->minpc && m->maxpc <= m->etext;
}

bool
rcgo__go_module_has(const struct rcgo_go_module *m, const char *name, size_t size)
{
	return memmem(m->funcnametab.array, (size_t)m->funcnametab.len, name, size) != NULL;
}

uintptr_t
rcgo__go_module_text(const struct rcgo_go_module *m)
{
	const struct rcgo_go_func *funcs = m->ftab.array;
	const char *table = m->pclntable.array;
	intptr_t i = 0;

	while (i + 1 < m->ftab.len) {
		const struct rcgo_go_func_info *info = (const void *)(table + funcs[i].funcoff);

		if (info->pcsp != 0) {
			break;
		}
		i++;
	}
	return m->text + funcs[i].entryoff;
}

// Traceback Generation, default: the name of a place in the code, for the signal part's lines. Runs
// on a stack of its own, for it may be asked in handlers.

#define INLINED_MOST 16

struct name {
	uintptr_t pc;
	char *text;
	size_t size;
	struct rcgo_frame frames[INLINED_MOST];
	char strings[8192];
	char path[4096];
};

void
rcgo__name_object(struct rcgo_strbuf *t, uintptr_t pc, char *path, size_t size)
{
	struct rcgo_module module;
	const char *slash;

	if (rcgo__module_find(pc, &module) && rcgo__module_name(&module, path, size)) {
		slash = strrchr(path, '/');
		rcgo__append_str(t, " (");
		rcgo__append_str(t, slash == NULL ? path : slash + 1);
		rcgo__append_str(t, ")");
	}
}

static void
name_on_own_stack(void *arg)
{
	struct name *name = arg;
	struct rcgo_strbuf t = rcgo__strbuf_init(name->text, name->size);
	size_t n = rcgo__symbolize_report(
		name->pc, name->frames, INLINED_MOST, name->strings, sizeof name->strings);
	// The function that was called, not what became part of it.
	const struct rcgo_frame *f = &name->frames[n - 1];

	if (n == 0 || f->function == NULL) {
		return;
	}
	rcgo__append_str(&t, f->function);
	// Where the symbolizer knows no function it names the object.
	if (f->entry != 0) {
		rcgo__name_object(&t, name->pc, name->path, sizeof name->path);
	}
}

void
rcgo__symbolize_callback(uintptr_t pc, char *text, size_t size)
{
	uint64_t all = ~(uint64_t)0, before;
	int saved = errno;
	struct name *name = rcgo__own_stack_map();

	if (name != NULL) {
		name->pc = pc;
		name->text = text;
		name->size = size;
		rcgo__raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before,
			sizeof all, 0, 0);
		rcgo__own_stack_run(name, name_on_own_stack);
		rcgo__raw_syscall(
			SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, sizeof all, 0, 0);
	}
	errno = saved;
}

// Traceback Generation: Go's symbolizer. Go asks for a program counter, then again as long as there
// are more frames for it, and at last with 0. Runs on g0, or while crashing on the signal stack.
// Re-read runtime/symtab.go (expandCgoFrames) and runtime/traceback.go (printOneCgoTraceback).

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

// Go drops a frame that has neither name nor file: its own code and what is no code at all, as are
// the marks that it puts into stacks (runtime.logicalStackSentinel).
static void
session_decline(struct session *session, struct cgoSymbolizerArg *arg)
{
	if (session != NULL) {
		session->count = session->next = 0;
		rcgo_store_rel(&session->busy, 0);
	}
	arg->File = arg->Func = NULL;
	arg->Lineno = arg->Entry = arg->More = arg->Data = 0;
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
rcgo__default_symbolizer(struct cgoSymbolizerArg *arg)
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

		if (rcgo__symbolize(rcgo__generation_resolve(arg->PC), &frame, 1) == 0) {
			session_decline(NULL, arg);
			return;
		}
		session_show(&frame, arg);
		arg->More = 0;
		return;
	}
	if (session->pc != arg->PC || session->next >= session->count) {
		session->pc = arg->PC;
		session->next = 0;
		session->count = (uint32_t)rcgo__symbolize_code(rcgo__generation_resolve(arg->PC),
			session->frames, RCGO_FRAMES_MAX, session->text, SESSION_TEXT);
	}
	if (session->count == 0) {
		session_decline(session, arg);
		return;
	}
	session_show(&session->frames[session->next++], arg);
	arg->More = session->next < session->count;
	arg->Data = (uintptr_t)(session - sessions) + 1;
}
