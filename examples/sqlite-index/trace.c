// SPDX-License-Identifier: BSD-3-Clause
// A small frame-pointer unwinder for runtime.SetCgoTraceback. It reports the program counter and
// its callers, as far as they are plausible. Runs in signal handlers: no locks, no malloc, no
// unchecked read.
#define _GNU_SOURCE
#include "index.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <ucontext.h>

enum { TEXTS_MAX = 32, SAVED_PCS = 8, DEPTH_MAX = 8 };

// The arguments of the hooks, as the documentation of runtime.SetCgoTraceback gives them.
struct callers_arg {
	uintptr_t context, sig_context;
	uintptr_t *buf;
	uintptr_t max;
};

struct context_arg {
	uintptr_t context;
};

struct symbol_arg {
	uintptr_t pc;
	const char *file;
	uintptr_t line;
	const char *func;
	uintptr_t entry, more, data;
};

struct regs {
	uintptr_t pc, sp, fp;
};

// The callers of C code that has called Go, kept while Go runs. Calls nest, so they are a stack.
struct saved {
	uintptr_t pcs[SAVED_PCS];
};

static struct {
	uintptr_t lo, hi;
} texts[TEXTS_MAX]; // the code of this process; written by trace_init only
static size_t texts_len;

static __thread uintptr_t stack_hi; // 0: unknown, and only the program counter is reported
static __thread struct saved saved[DEPTH_MAX];
static __thread unsigned depth;
static __thread struct regs mark; // of the C function that is about to call Go

#if defined(__x86_64__)
static struct regs
regs_of(const ucontext_t *uc)
{
	return (struct regs){
		.pc = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP],
		.sp = (uintptr_t)uc->uc_mcontext.gregs[REG_RSP],
		.fp = (uintptr_t)uc->uc_mcontext.gregs[REG_RBP],
	};
}
#elif defined(__aarch64__)
static struct regs
regs_of(const ucontext_t *uc)
{
	return (struct regs){
		.pc = uc->uc_mcontext.pc,
		.sp = uc->uc_mcontext.sp,
		.fp = uc->uc_mcontext.regs[29],
	};
}
#else
#	error "regs_of: not written for this processor"
#endif

static int
add_texts(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	for (int i = 0; i < info->dlpi_phnum && texts_len < TEXTS_MAX; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		if (ph->p_type == PT_LOAD && (ph->p_flags & PF_X) != 0) {
			texts[texts_len].lo = info->dlpi_addr + ph->p_vaddr;
			texts[texts_len].hi = info->dlpi_addr + ph->p_vaddr + ph->p_memsz;
			texts_len++;
		}
	}
	return 0;
}

void
trace_init(void)
{
	dl_iterate_phdr(add_texts, NULL);
}

static int
is_code(uintptr_t pc)
{
	for (size_t i = 0; i < texts_len; i++) {
		if (pc >= texts[i].lo && pc < texts[i].hi) {
			return 1;
		}
	}
	return 0;
}

// Not every library keeps frame pointers. A chain ends where it leaves the stack, goes down, or
// leads to an address that is not code.
static uintptr_t
walk(struct regs r, uintptr_t *buf, uintptr_t max)
{
	uintptr_t n = 0;

	if (n < max && is_code(r.pc)) {
		buf[n++] = r.pc;
	}
	while (n < max && r.fp >= r.sp && r.fp % sizeof(uintptr_t) == 0 && stack_hi != 0 &&
		r.fp + 2 * sizeof(uintptr_t) <= stack_hi) {
		const uintptr_t *frame = (const uintptr_t *)r.fp;

		if (!is_code(frame[1])) {
			break;
		}
		buf[n++] = frame[1];
		r.sp = r.fp + 2 * sizeof(uintptr_t);
		r.fp = frame[0];
	}
	if (n < max) {
		buf[n] = 0;
	}
	return n;
}

static uintptr_t
copy_saved(const struct saved *from, uintptr_t *buf, uintptr_t max)
{
	uintptr_t n = 0;

	while (n < max && n < SAVED_PCS && from->pcs[n] != 0) {
		buf[n] = from->pcs[n];
		n++;
	}
	if (n < max) {
		buf[n] = 0;
	}
	return n;
}

void
trace_callers(void *p)
{
	struct callers_arg *arg = p;

	if (arg->max == 0) {
		return;
	}
	if (arg->context != 0) {
		copy_saved((const struct saved *)arg->context, arg->buf, arg->max);
		stats_stack();
	} else if (arg->sig_context != 0) {
		const ucontext_t *uc = (const ucontext_t *)arg->sig_context;

		stats_signal(walk(regs_of(uc), arg->buf, arg->max));
	} else {
		arg->buf[0] = 0; // Go asks about its own position: there is no C below it
	}
}

static void
learn_stack(void)
{
	pthread_attr_t attr;
	void *lo;
	size_t size;

	if (pthread_getattr_np(pthread_self(), &attr) != 0) {
		return;
	}
	if (pthread_attr_getstack(&attr, &lo, &size) == 0) {
		stack_hi = (uintptr_t)lo + size;
	}
	pthread_attr_destroy(&attr);
}

// frame is the frame of a function. Its first word is the frame pointer of its caller, which is
// kept.
void
trace_mark(void *pc, void *frame)
{
	mark.pc = (uintptr_t)pc;
	mark.sp = (uintptr_t)frame;
	mark.fp = *(uintptr_t *)frame;
}

// Go calls this before each call from C with context 0, and after it with the context returned.
void
trace_context(void *p)
{
	struct context_arg *arg = p;

	if (arg->context != 0) {
		stats_context(1);
		depth--;
		return;
	}
	stats_context(0);
	if (stack_hi == 0) {
		learn_stack();
	}
	if (depth == DEPTH_MAX) {
		return;
	}
	walk(mark, saved[depth].pcs, SAVED_PCS);
	arg->context = (uintptr_t)&saved[depth];
	depth++;
}

void
trace_symbol(void *p)
{
	struct symbol_arg *arg = p;
	Dl_info info;

	if (arg->pc == 0 || dladdr((void *)arg->pc, &info) == 0) {
		return;
	}
	arg->file = info.dli_fname;
	arg->func = info.dli_sname;
	arg->entry = (uintptr_t)info.dli_saddr;
	stats_symbol();
}
