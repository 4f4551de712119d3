// SPDX-License-Identifier: BSD-3-Clause
// Stress: one sample: compares our unwind from the ucontext with libgcc's through the handler.

#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <ucontext.h>
#include <unwind.h>

#include "module.h"
#include "unwinder.h"
#include "stress.h"

#if defined(__x86_64__)
#	define UC_PC(uc) ((uintptr_t)(uc)->uc_mcontext.gregs[REG_RIP])
#else
#	define UC_PC(uc) ((uintptr_t)(uc)->uc_mcontext.pc)
#endif

__thread int stress_walking;

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void
add(uint64_t *counter, uint64_t n)
{
	__atomic_add_fetch(counter, n, __ATOMIC_RELAXED);
}

struct their_walk {
	uintptr_t pcs[STRESS_PCS];
	uintptr_t from; // the interrupted instruction
	size_t n;
	bool began;
};

static _Unwind_Reason_Code
their_frame(struct _Unwind_Context *context, void *arg)
{
	struct their_walk *w = arg;
	int pc_is_precise;
	uintptr_t pc = _Unwind_GetIPInfo(context, &pc_is_precise);

	if (!w->began && pc == w->from && pc_is_precise) {
		w->began = true;
	}
	if (w->began && pc != 0) {
		w->pcs[w->n++] = pc_is_precise ? pc : pc - 1;
	}
	return w->n == STRESS_PCS ? _URC_END_OF_STACK : _URC_NO_REASON;
}

// While libgcc unwinds, unwind tables may be wrong for a moment, and it faults on them.
static bool
in_libgcc(const uintptr_t *pcs, size_t n)
{
	struct rcgo_module own;

	if (!rcgo__module_find((uintptr_t)_Unwind_Resume, &own)) {
		return true;
	}
	for (size_t i = 0; i < n; i++) {
		if (pcs[i] - own.start < own.end - own.start) {
			return true;
		}
	}
	return false;
}

// The first instructions of a program have no caller, but not all tables say so. libgcc then takes
// a word of the stack for the caller, and faults.
#define START_BYTES 64
static bool
in_start(uintptr_t pc)
{
	return pc - getauxval(AT_ENTRY) < START_BYTES;
}

static void
keep_frames(struct stress_frame *to, const uintptr_t *pcs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct rcgo_module m;
		char path[512];
		size_t len, skip;

		to[i].offset = pcs[i];
		to[i].module[0] = 0;
		if (!rcgo__module_find(pcs[i], &m)) {
			continue;
		}
		to[i].offset = pcs[i] - m.bias;
		if (rcgo__module_name(&m, path, sizeof path)) {
			len = strlen(path);
			skip = len < sizeof to[i].module ? 0 : len - sizeof to[i].module + 1;
			memcpy(to[i].module, path + skip, len - skip + 1);
		}
	}
}

static void
keep_bad(enum stress_kind kind, const uintptr_t *ours, size_t n, const struct their_walk *theirs,
	size_t same)
{
	uint64_t at = __atomic_fetch_add(&stress_counts->bad_n, 1, __ATOMIC_RELAXED);
	struct stress_bad *bad;

	if (at >= STRESS_BAD) {
		return;
	}
	bad = &stress_counts->bad[at];
	bad->kind = kind;
	bad->depth = (uint32_t)same;
	bad->ours_n = (uint32_t)n;
	bad->theirs_n = (uint32_t)theirs->n;
	keep_frames(bad->ours, ours, n);
	keep_frames(bad->theirs, theirs->pcs, theirs->n);
}

static void
compare(const uintptr_t *ours, size_t n, const struct their_walk *theirs)
{
	enum stress_kind kind = STRESS_SAME;
	size_t i = 0;

	while (i < n && i < theirs->n && ours[i] == theirs->pcs[i]) {
		i++;
	}
	if (i < n && i < theirs->n) {
		kind = STRESS_DIFFERENT;
	} else if (i < theirs->n) {
		kind = STRESS_SHORTER;
	} else if (i < n) {
		kind = STRESS_LONGER;
	}
	add(&stress_counts->kind[kind], 1);
	if (kind != STRESS_SAME && (kind != STRESS_LONGER || stress_counts->show_longer)) {
		keep_bad(kind, ours, n, theirs, i);
	}
}

static void
their_sample(uintptr_t from, const uintptr_t *ours, size_t n)
{
	struct their_walk theirs;
	uint64_t begin = now_ns();

	theirs.from = from;
	theirs.n = 0;
	theirs.began = false;
	_Unwind_Backtrace(their_frame, &theirs);
	if (theirs.n == 0) {
		add(&stress_counts->uncompared, 1);
		return;
	}
	add(&stress_counts->theirs_ns, now_ns() - begin);
	add(&stress_counts->theirs_frames, theirs.n);
	compare(ours, n, &theirs);
}

static void
note_depth(size_t n)
{
	uint64_t deepest = __atomic_load_n(&stress_counts->deepest, __ATOMIC_RELAXED);

	while (n > deepest && !__atomic_compare_exchange_n(&stress_counts->deepest, &deepest, n,
				      false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
	}
}

void
stress_sample(int sig, void *info, void *ucontext)
{
	uintptr_t from = UC_PC((ucontext_t *)ucontext);
	uintptr_t ours[STRESS_PCS];
	int saved = errno;
	uint64_t begin;
	size_t n;

	(void)sig, (void)info;
	begin = now_ns();
	stress_walking = 1;
	n = rcgo__unwind_from_handler(ucontext, NULL, ours, STRESS_PCS);
	stress_walking = 0;
	add(&stress_counts->ours_ns, now_ns() - begin);
	add(&stress_counts->ours_frames, n);
	add(&stress_counts->samples, 1);
	note_depth(n);
	if (stress_counts->alone || in_start(from) || in_libgcc(ours, n)) {
		add(&stress_counts->uncompared, 1);
	} else {
		their_sample(from, ours, n);
	}
	errno = saved;
}
