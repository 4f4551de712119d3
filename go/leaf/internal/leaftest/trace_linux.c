// SPDX-License-Identifier: BSD-3-Clause
// A traceback function and a symbolizer that know one frame: where a signal interrupted C.
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include "leaftest.h"
#include "runtime_cgo.h"

#if defined(__x86_64__)
#	define PC_OF(u) ((uintptr_t)(u)->uc_mcontext.gregs[REG_RIP])
#elif defined(__aarch64__)
#	define PC_OF(u) ((uintptr_t)(u)->uc_mcontext.pc)
#else
#	define PC_OF(u) ((uintptr_t)0)
#endif

static const struct {
	const char *name;
	uintptr_t start, size;
} known[] = {
	{"leaftest_store", (uintptr_t)leaftest_store, 64},
	{"leaftest_spin", (uintptr_t)leaftest_spin, 256},
};

void
leaftest_traceback(void *p)
{
	struct cgoTracebackArg *arg = p;
	const ucontext_t *context = (const ucontext_t *)arg->SigContext;

	if (arg->Max > 0) {
		arg->Buf[0] = context == NULL ? 0 : PC_OF(context);
	}
	if (arg->Max > 1) {
		arg->Buf[1] = 0;
	}
}

void
leaftest_symbolize(void *p)
{
	struct cgoSymbolizerArg *arg = p;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (arg->PC - known[i].start < known[i].size) {
			arg->Func = known[i].name;
			arg->Entry = known[i].start;
		}
	}
}
