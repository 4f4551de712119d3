// SPDX-License-Identifier: BSD-3-Clause
// Safe reads of memory that may not be mapped. Safe in signal handlers, on any stack.
// Contract: rt_sigprocmask(2) copies the new mask before it checks how; process_vm_readv(2).
// rt_sigprocmask is preferred, because no seccomp filter of a Go program can forbid it.

#include "safe_read.h"

#include <errno.h>
#include <signal.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kernel.h"
#include "raw_syscall.h"

#define WORD RCGO_PROBE_SIZE // the size of the kernel's signal mask, which the probe reads

// Whether a method of probing works in this process; tested at its first use. A seccomp filter that
// returns EPERM or ENOSYS makes good and bad addresses indistinguishable. So does an emulator that
// checks the arguments in another order. Some filters kill the process for process_vm_readv, so it
// is tried only where rt_sigprocmask does not work.
enum probe_state {
	PROBE_UNTESTED = 0,
	PROBE_WORKS,
	PROBE_FAILS,
};

// owner: any thread, all find the same; lock: none; ordering: relaxed, no other data
static unsigned mask_probe_state, copy_probe_state;

static bool
mask_readable(uintptr_t word)
{
	return rcgo__kernel_mask_probe(word) != 0 && errno == EINVAL;
}

static bool
kernel_copies(struct iovec *to, struct iovec *from, size_t count, size_t total)
{
	return rcgo__kernel_copy(to, from, count) == (long)total;
}

static bool
kernel_copies_word(uintptr_t word)
{
	uint64_t got;
	struct iovec to = {&got, sizeof got};
	struct iovec from = {(void *)word, sizeof got};

	return kernel_copies(&to, &from, 1, sizeof got);
}

// A method works only if it also fails for an unmapped address. A program never has the last page
// of the address space.
#define NEVER_MAPPED ((uintptr_t)0 - RCGO_NOFAULT_PAGE)

static RCGO_COLD bool
test_mask_probe(void)
{
	_Alignas(WORD) unsigned char good[WORD] = {0};
	bool works = mask_readable((uintptr_t)good) && !mask_readable(NEVER_MAPPED);

	rcgo_store_rlx(&mask_probe_state, works ? PROBE_WORKS : PROBE_FAILS);
	return works;
}

static RCGO_COLD bool
test_copy_probe(void)
{
	uint64_t good = 0;
	bool works = kernel_copies_word((uintptr_t)&good) && !kernel_copies_word(NEVER_MAPPED);

	rcgo_store_rlx(&copy_probe_state, works ? PROBE_WORKS : PROBE_FAILS);
	return works;
}

static bool
mask_probe_works(void)
{
	unsigned state = rcgo_load_rlx(&mask_probe_state);

	return RCGO_LIKELY(state != PROBE_UNTESTED) ? state == PROBE_WORKS : test_mask_probe();
}

static bool
copy_probe_works(void)
{
	unsigned state = rcgo_load_rlx(&copy_probe_state);

	return RCGO_LIKELY(state != PROBE_UNTESTED) ? state == PROBE_WORKS : test_copy_probe();
}

static bool
word_readable(uintptr_t word)
{
	return mask_probe_works() ? mask_readable(word)
				  : copy_probe_works() && kernel_copies_word(word);
}

bool
rcgo__readable_nofault(const void *p, size_t n)
{
	uintptr_t at = (uintptr_t)p & ~(uintptr_t)(WORD - 1);
	uintptr_t last = (uintptr_t)p + n - 1;
	int saved = errno;
	bool good = true;

	if (n == 0) {
		return true;
	}
	if (last < (uintptr_t)p) {
		return false;
	}
	while (good && at <= last) {
		uintptr_t next = (at & ~(uintptr_t)(RCGO_NOFAULT_PAGE - 1)) + RCGO_NOFAULT_PAGE;

		good = word_readable(at);
		if (next < at) {
			break;
		}
		at = next;
	}
	errno = saved;
	return good;
}

#if defined(__x86_64__)
#	define COPY_BYTES                                       \
		"copy_nofault_first:\n\trep movsb\n"             \
		"copy_nofault_last:\n\tmovl $1, %k0\n\tjmp 1f\n" \
		"copy_nofault_resume:\n\txorl %k0, %k0\n1:"
#	define COPY_OPERANDS                                  \
		: "=&a"(copied), "+D"(dst), "+S"(src), "+c"(n) \
		:                                              \
		: "memory"
#elif defined(__aarch64__)
#	define COPY_BYTES                                                                \
		"copy_nofault_first:\n\tcbz %3, copy_nofault_last\n\tldrb w9, [%2], #1\n" \
		"\tstrb w9, [%1], #1\n\tsub %3, %3, #1\n\tb copy_nofault_first\n"         \
		"copy_nofault_last:\n\tmov %w0, #1\n\tb 1f\n"                             \
		"copy_nofault_resume:\n\tmov %w0, #0\n1:"
#	define COPY_OPERANDS                                  \
		: "=&r"(copied), "+r"(dst), "+r"(src), "+r"(n) \
		:                                              \
		: "x9", "memory"
#elif defined(__arm__)
#	define COPY_BYTES                                                                      \
		"copy_nofault_first:\n\tcmp %3, #0\n\tbeq copy_nofault_last\n\tldrb ip, [%2]\n" \
		"\tstrb ip, [%1]\n\tadd %2, %2, #1\n\tadd %1, %1, #1\n\tsub %3, %3, #1\n"       \
		"\tb copy_nofault_first\ncopy_nofault_last:\n\tmov %0, #1\n\tb 1f\n"            \
		"copy_nofault_resume:\n\tmov %0, #0\n1:"
#	define COPY_OPERANDS                                  \
		: "=&r"(copied), "+r"(dst), "+r"(src), "+r"(n) \
		:                                              \
		: "ip", "cc", "memory"
#elif defined(__riscv)
#	define COPY_BYTES                                                                \
		"copy_nofault_first:\n\tbeqz %3, copy_nofault_last\n\tlbu t0, 0(%2)\n"    \
		"\tsb t0, 0(%1)\n\taddi %2, %2, 1\n\taddi %1, %1, 1\n\taddi %3, %3, -1\n" \
		"\tj copy_nofault_first\ncopy_nofault_last:\n\tli %0, 1\n\tj 1f\n"        \
		"copy_nofault_resume:\n\tli %0, 0\n1:"
#	define COPY_OPERANDS                                  \
		: "=&r"(copied), "+r"(dst), "+r"(src), "+r"(n) \
		:                                              \
		: "t0", "memory"
#elif defined(__s390x__)
#	define COPY_BYTES                                                     \
		"copy_nofault_first:\n\tltgr %3, %3\n\tje copy_nofault_last\n" \
		"\tllgc %%r0, 0(%2)\n\tstc %%r0, 0(%1)\n\tla %1, 1(%1)\n"      \
		"\tla %2, 1(%2)\n\taghi %3, -1\n\tj copy_nofault_first\n"      \
		"copy_nofault_last:\n\tlghi %0, 1\n\tj 1f\n"                   \
		"copy_nofault_resume:\n\tlghi %0, 0\n1:"
#	define COPY_OPERANDS                                  \
		: "=&d"(copied), "+a"(dst), "+a"(src), "+d"(n) \
		:                                              \
		: "r0", "cc", "memory"
#elif defined(__i386__)
#	define COPY_BYTES                                      \
		"copy_nofault_first:\n\trep movsb\n"            \
		"copy_nofault_last:\n\tmovl $1, %0\n\tjmp 1f\n" \
		"copy_nofault_resume:\n\txorl %0, %0\n1:"
#	define COPY_OPERANDS                                  \
		: "=&a"(copied), "+D"(dst), "+S"(src), "+c"(n) \
		:                                              \
		: "memory"
#endif

// The instructions of the copy, and the address at which the fault handler resumes execution. The
// labels are defined in copy_bytes's assembly, which occurs once in this file.
extern RCGO_HIDDEN RCGO_CODE const char copy_nofault_first[], copy_nofault_last[],
	copy_nofault_resume[];

// Copies n bytes. Returns 1, or 0 if a fault was caught.
static __attribute__((noinline, used)) int
copy_bytes(void *dst, const void *src, size_t n)
{
	int copied;

	__asm__ __volatile__(COPY_BYTES COPY_OPERANDS);
	return copied;
}

bool
rcgo__copy_nofault_catches(uintptr_t pc, uintptr_t *resume)
{
	if (RCGO_LIKELY(pc - (uintptr_t)copy_nofault_first >=
			(uintptr_t)copy_nofault_last - (uintptr_t)copy_nofault_first)) {
		return false;
	}
	*resume = (uintptr_t)copy_nofault_resume;
	return true;
}

// Another thread may unmap a page after it was probed. The signals of faults are therefore
// unblocked during the copy, so that Go's handler, or ours that runs before it, can catch the
// fault.
static bool
probe_then_copy(const struct rcgo_nofault_piece *piece, size_t count)
{
	const struct rcgo_kernel_mask faults = {
		.low = UINT64_C(1) << (SIGSEGV - 1) | UINT64_C(1) << (SIGBUS - 1)};
	struct rcgo_kernel_mask before = {0};
	bool good = true;

	for (size_t i = 0; i < count; i++) {
		if (!rcgo__readable_nofault(piece[i].src, piece[i].size)) {
			return false;
		}
	}
	rcgo__kernel_sigmask(SIG_UNBLOCK, &faults, &before);
	for (size_t i = 0; i < count && good; i++) {
		good = copy_bytes(piece[i].dst, piece[i].src, piece[i].size) != 0;
	}
	if ((before.low & faults.low) != 0) {
		rcgo__kernel_sigmask(SIG_SETMASK, &before, NULL);
	}
	return good;
}

static bool
kernel_copies_pieces(const struct rcgo_nofault_piece *piece, size_t count)
{
	struct iovec to[RCGO_NOFAULT_PIECES];
	struct iovec from[RCGO_NOFAULT_PIECES];
	size_t total = 0;

	for (size_t i = 0; i < count; i++) {
		to[i] = (struct iovec){piece[i].dst, piece[i].size};
		from[i] = (struct iovec){(void *)(uintptr_t)piece[i].src, piece[i].size};
		total += piece[i].size;
	}
	return total == 0 || kernel_copies(to, from, count, total);
}

bool
rcgo__copy_nofault_pieces(const struct rcgo_nofault_piece *piece, size_t count)
{
	int saved = errno;
	bool good = false;

	if (count > RCGO_NOFAULT_PIECES) {
		return false;
	}
	if (RCGO_LIKELY(mask_probe_works())) {
		good = probe_then_copy(piece, count);
	} else if (copy_probe_works()) {
		good = kernel_copies_pieces(piece, count);
	}
	errno = saved;
	return good;
}

bool
rcgo__copy_nofault(void *dst, const void *src, size_t n)
{
	struct rcgo_nofault_piece piece = {dst, src, n};

	return rcgo__copy_nofault_pieces(&piece, 1);
}
