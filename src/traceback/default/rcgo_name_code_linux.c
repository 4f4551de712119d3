// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, default: the name of a place in the code, for the signal part's lines. Runs
// on a stack of its own, for it may be asked in handlers.

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "rcgo_crash.h"
#include "rcgo_default.h"
#include "rcgo_module.h"
#include "rcgo_raw.h"
#include "rcgo_symbolize.h"
#include "rcgo_text.h"

#define INLINED_MOST 16

struct name {
	uintptr_t pc;
	char *text;
	size_t size;
	struct rcgo_frame frames[INLINED_MOST];
	char strings[8192];
	char path[4096];
};

static void
name_on_own_stack(void *arg)
{
	struct name *name = arg;
	struct rcgo_text t = rcgo__text_init(name->text, name->size);
	struct rcgo_module module;
	size_t n = rcgo__symbolize_into(
		name->pc, name->frames, INLINED_MOST, name->strings, sizeof name->strings);
	// The function that was called, not what became part of it.
	const struct rcgo_frame *f = &name->frames[n - 1];
	const char *slash;

	if (n == 0 || f->function == NULL) {
		return;
	}
	rcgo__text_str(&t, f->function);
	// Where the symbolizer knows no function it names the object.
	if (f->entry != 0 && rcgo__module_find(name->pc, &module) &&
		rcgo__module_name(&module, name->path, sizeof name->path)) {
		slash = strrchr(name->path, '/');
		rcgo__text_str(&t, " (");
		rcgo__text_str(&t, slash == NULL ? name->path : slash + 1);
		rcgo__text_str(&t, ")");
	}
}

void
rcgo__name_code(uintptr_t pc, char *text, size_t size)
{
	uint64_t all = ~(uint64_t)0, before;
	int saved = errno;
	struct name *name = rcgo__own_stack_map();

	if (name != NULL) {
		name->pc = pc;
		name->text = text;
		name->size = size;
		rcgo__raw(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, sizeof all, 0,
			0);
		rcgo__own_stack_run(name, name_on_own_stack);
		rcgo__raw(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, sizeof all, 0, 0);
	}
	errno = saved;
}
