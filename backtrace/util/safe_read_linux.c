// SPDX-License-Identifier: BSD-3-Clause
// Base: reads of memory that may not be there. Runs on any stack, in signal handlers too.
// Contract: rt_sigprocmask(2) copies the new mask before it looks at how; process_vm_readv(2).
// rt_sigprocmask comes first because no seccomp filter of a Go program can forbid it.

#include "safe_read.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "raw_syscall.h"

#define NO_SUCH_HOW (-1l)
#define WORD 8ul // what rt_sigprocmask reads: the kernel's signal mask

// How this process may ask, found out at the first question of the kind. A seccomp filter that
// answers EPERM or ENOSYS, or an emulator that looks at the arguments in another order, cannot tell
// good from bad. As some filters kill for it, process_vm_readv is tried only where rt_sigprocmask
// does not tell.
enum way {
	UNKNOWN = 0,
	WORKS,
	FAILS,
};

// owner: whoever asks first, all find the same; lock: none; ordering: relaxed, it is all there is
static unsigned way_by_mask, way_by_copy;

static bool
mask_readable(uintptr_t word)
{
	return syscall(SYS_rt_sigprocmask, NO_SUCH_HOW, word, 0ul, WORD) != 0 && errno == EINVAL;
}

static bool
kernel_copies(struct iovec *to, struct iovec *from, size_t count, size_t total)
{
	// What is passed to syscall(2) must be as wide as a register, or half of it is chance.
	return syscall(SYS_process_vm_readv, (long)getpid(), to, count, from, count, 0ul) ==
	       (long)total;
}

static bool
kernel_copies_word(uintptr_t word)
{
	uint64_t got;
	struct iovec to = {&got, sizeof got};
	struct iovec from = {(void *)word, sizeof got};

	return kernel_copies(&to, &from, 1, sizeof got);
}

// A way that cannot say no is no way: the last page of the address space is never a program's.
#define NEVER_OURS ((uintptr_t)0 - RCGO_NOFAULT_PAGE)

static RCGO_COLD bool
try_mask(void)
{
	uint64_t good = 0;
	bool works = mask_readable((uintptr_t)&good) && !mask_readable(NEVER_OURS);

	rcgo_store_rlx(&way_by_mask, works ? WORKS : FAILS);
	return works;
}

static RCGO_COLD bool
try_copy(void)
{
	uint64_t good = 0;
	bool works = kernel_copies_word((uintptr_t)&good) && !kernel_copies_word(NEVER_OURS);

	rcgo_store_rlx(&way_by_copy, works ? WORKS : FAILS);
	return works;
}

static bool
by_mask(void)
{
	unsigned way = rcgo_load_rlx(&way_by_mask);

	return RCGO_LIKELY(way != UNKNOWN) ? way == WORKS : try_mask();
}

static bool
by_copy(void)
{
	unsigned way = rcgo_load_rlx(&way_by_copy);

	return RCGO_LIKELY(way != UNKNOWN) ? way == WORKS : try_copy();
}

static bool
word_readable(uintptr_t word)
{
	return by_mask() ? mask_readable(word) : by_copy() && kernel_copies_word(word);
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
#endif

// Where copy_bytes copies, and where the handler of a fault there resumes execution: labels of its
// assembly, which stands in this file once.
extern RCGO_HIDDEN const char copy_nofault_first[], copy_nofault_last[], copy_nofault_resume[];

// Copies n bytes. Returns 1, or 0 when a fault was caught.
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

// Another thread may unmap a page after it was probed. The fault is then Go's handler's, or ours in
// front of it, which must be able to come.
static bool
probe_then_copy(const struct rcgo_nofault_piece *piece, size_t count)
{
	const uint64_t faults = UINT64_C(1) << (SIGSEGV - 1) | UINT64_C(1) << (SIGBUS - 1);
	uint64_t before = 0;
	bool good = true;

	for (size_t i = 0; i < count; i++) {
		if (!rcgo__readable_nofault(piece[i].src, piece[i].size)) {
			return false;
		}
	}
	rcgo__raw_syscall(
		SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&faults, (long)&before, WORD, 0, 0);
	for (size_t i = 0; i < count && good; i++) {
		good = copy_bytes(piece[i].dst, piece[i].src, piece[i].size) != 0;
	}
	if ((before & faults) != 0) {
		rcgo__raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, WORD, 0, 0);
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
	if (RCGO_LIKELY(by_mask())) {
		good = probe_then_copy(piece, count);
	} else if (by_copy()) {
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
