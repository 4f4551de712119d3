// SPDX-License-Identifier: BSD-3-Clause
// Default hooks: reads Go's function tables. Runs on g0 while Go starts. Re-read runtime/symtab.go
// (moduledata, moduledataverify1) and cmd/link/internal/ld/pcln.go.
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
#include "kernel.h"
#include "mark.h"
#include "module.h"
#include "module_generation.h"
#include "raw_syscall.h"
#include "strbuf.h"
#include "symbolizer.h"

#define MAGIC_1_18 0xfffffff0 // Go 1.18 and 1.19
#define MAGIC_1_20 0xfffffff1 // Go 1.20 and later

// Both structures count the functions. The counts agree only if both have the layout we know.
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

// Names of code addresses, for the lines that the signal part writes. The work runs on a stack of
// its own, because a signal handler may ask for a name.

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
symbolize_on_own_stack(void *arg)
{
	struct name *name = arg;
	struct rcgo_strbuf t = rcgo__strbuf_init(name->text, name->size);
	size_t n = rcgo__symbolize_report(
		name->pc, name->frames, INLINED_MOST, name->strings, sizeof name->strings);
	// The last frame is the function itself; the frames before it are inlined into it.
	const struct rcgo_frame *f = &name->frames[n - 1];

	if (n == 0 || f->function == NULL) {
		return;
	}
	rcgo__append_str(&t, f->function);
	// If the symbolizer knows no function, function is already the name of the object.
	if (f->entry != 0) {
		rcgo__name_object(&t, name->pc, name->path, sizeof name->path);
	}
}

void
rcgo__symbolize_callback(uintptr_t pc, char *text, size_t size)
{
	struct rcgo_kernel_mask all, before;
	int saved = errno;
	struct name *name = rcgo__own_stack_map();

	if (name != NULL) {
		name->pc = pc;
		name->text = text;
		name->size = size;
		memset(&all, 0xff, sizeof all);
		rcgo__kernel_sigmask(SIG_SETMASK, &all, &before);
		rcgo__own_stack_run(name, symbolize_on_own_stack);
		rcgo__kernel_sigmask(SIG_SETMASK, &before, NULL);
	}
	errno = saved;
}

// The symbolizer for Go. Go asks for a program counter, asks again while there are more frames for
// it, and finally passes 0. Runs on g0, or on the signal stack while Go is crashing. Re-read
// runtime/symtab.go (expandCgoFrames) and runtime/traceback.go (printOneCgoTraceback).

#define SESSIONS 4
#define SESSION_TEXT (16 * 1024)

// The frames of one program counter, returned one by one. Data in Go's argument is the number of
// the session, from 1. A session of its own keeps the strings valid while another thread asks.
struct session {
	uint32_t busy; // 1 while a sequence of calls uses the session
	uint32_t count, next;
	uintptr_t pc;
	struct rcgo_frame frames[RCGO_FRAMES_MAX];
	char text[SESSION_TEXT];
};

// owner: the thread that set busy to 1; lock: none, it is only tried; ordering: acquire, release
static struct session sessions[SESSIONS];

static struct session *
session_acquire(void)
{
	for (size_t i = 0; i < SESSIONS; i++) {
		if (__atomic_exchange_n(&sessions[i].busy, 1, __ATOMIC_ACQUIRE) == 0) {
			// The previous sequence may have ended before its last frame.
			sessions[i].count = sessions[i].next = 0;
			return &sessions[i];
		}
	}
	return NULL;
}

// Reports no name and no file, so that Go drops the frame: Go code, and addresses that are not
// code, such as the marks that Go puts into stacks (runtime.logicalStackSentinel).
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
session_return_frame(const struct rcgo_frame *frame, struct cgoSymbolizerArg *arg)
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
		session = session_acquire();
	}
	if (session == NULL) {
		// More concurrent sequences than Go ever has: return the innermost frame only.
		struct rcgo_frame frame;

		if (rcgo__symbolize(rcgo__generation_resolve(arg->PC), &frame, 1) == 0) {
			session_decline(NULL, arg);
			return;
		}
		session_return_frame(&frame, arg);
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
	session_return_frame(&session->frames[session->next++], arg);
	arg->More = session->next < session->count;
	arg->Data = (uintptr_t)(session - sessions) + 1;
}

bool
rcgo__append_frame_function(
	struct rcgo_strbuf *t, const struct rcgo_frame *f, uintptr_t pc, char *path, size_t size)
{
	rcgo__append_str(t, f->function != NULL ? f->function : "?");
	if (rcgo__mark_is(pc) || (f->function != NULL && f->function[0] == '<')) {
		return false;
	}
	rcgo__append_str(t, f->inlined ? "(...) inlined" : "(...)");
	if (f->file == NULL) {
		rcgo__name_object(t, pc, path, size);
	}
	return true;
}

void
rcgo__append_frame_place(struct rcgo_strbuf *t, const struct rcgo_frame *f, uintptr_t pc)
{
	rcgo__append_str(t, "\t");
	if (f->file != NULL) {
		rcgo__append_str(t, f->file);
		if (f->line != 0) {
			rcgo__append_str(t, ":");
			rcgo__append_uint(t, f->line, 0);
		}
		rcgo__append_str(t, " ");
	}
	rcgo__append_str(t, "pc=");
	rcgo__append_hex(t, pc);
}
