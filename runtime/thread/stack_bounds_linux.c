// SPDX-License-Identifier: BSD-3-Clause
// The bounds of the calling thread's C stack. Runs on any stack except a signal stack.
// Re-read runtime/cgo/gcc_stack_unix.c and runtime/cgocall.go (callbackUpdateSystemStack); Linux
// fs/exec.c (bprm_stack_limits) and mm/util.c (arch_pick_mmap_layout).

//rcgo:small

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // pthread_getattr_np
#endif
#include "stack_bounds.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <unistd.h>

#include "raw_syscall.h"
#include "strbuf.h"
#include "syscall_trial.h"

// The kernel keeps this much address space free below the main thread's stack. With a larger
// limit the stack ends at the next mapping below, less the gap that the kernel leaves
// (stack_guard_gap).
#define RESERVED_ROOM ((uintptr_t)128 << 20)
#define GUARD_PAGES 256

// Returns the end of the main thread's stack. It ends with the name of the program, which the
// kernel writes first, and one word.
static uintptr_t
main_stack_end(uintptr_t page)
{
	const char *name = (const char *)getauxval(AT_EXECFN);

	if (name == NULL) {
		return 0;
	}
	return ((uintptr_t)name + strlen(name) + 1 + sizeof(uintptr_t) + page - 1) & ~(page - 1);
}

// The mapping that contains an address, and the end of the mapping before it.
struct mapping_at {
	uintptr_t address;
	uintptr_t before;
	uintptr_t end;
};

static bool
mapping_line(const char *line, void *arg)
{
	struct mapping_at *p = arg;
	uint64_t start, end;

	if (rcgo__parse_hex(&line, &start) != 0 || *line++ != '-' ||
		rcgo__parse_hex(&line, &end) != 0 || start > p->address) {
		return true;
	}
	if (end > p->address) {
		p->end = end;
		return true;
	}
	p->before = end;
	return false;
}

// Returns how far down the main thread's stack may grow if its limit is unlimited or larger than
// the space that the kernel keeps free. Returns 0 if here is not on that stack.
static uintptr_t
main_stack_floor(uintptr_t here, uintptr_t end, uintptr_t size, uintptr_t page)
{
	struct mapping_at p = {.address = here};

	if (rcgo__file_each_line("/proc/self/maps", mapping_line, &p) != 0) {
		return end - here < RESERVED_ROOM ? end - RESERVED_ROOM : 0;
	}
	if (p.end != end) {
		return 0;
	}
	p.before += GUARD_PAGES * page;
	return size < end && end - size > p.before ? end - size : p.before;
}

// Returns whether here is on the main thread's stack. If so, sets bounds. libc is not asked:
// glibc reads /proc for its answer, and musl's covers only the pages touched so far.
static bool
main_stack(uintptr_t here, uintptr_t bounds[2])
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t end = main_stack_end(page);
	uintptr_t size, lo;
	struct rlimit limit;

	// A thread's descriptor is at the end of its stack (glibc, musl), but the main thread's
	// is below its stack. This check saves all other threads the system calls.
	if ((uintptr_t)pthread_self() > here) {
		return false;
	}
	if (here >= end || getrlimit(RLIMIT_STACK, &limit) != 0) {
		return false;
	}
	// RLIM_INFINITY is the greatest number.
	size = limit.rlim_cur < UINTPTR_MAX ? (uintptr_t)limit.rlim_cur & ~(page - 1) : UINTPTR_MAX;
	lo = size > RESERVED_ROOM ? main_stack_floor(here, end, size, page) : end - size;
	if (lo == 0 || here < lo) {
		return false;
	}
	bounds[0] = lo;
	bounds[1] = end;
	return true;
}

// glibc's pthread_getattr_np asks the kernel for the thread's CPUs too, into memory from malloc,
// which takes longer than the rest. What it says about the stack stands in three adjacent words of
// the thread's descriptor: the lowest address of the stack with its guard area, the size of both,
// and that of the guard area. The first answers show where the words are, and whether a stack
// begins above its guard area.
#define DESCRIPTOR_BYTES ((uintptr_t)4096)

// The distance of the words from pthread_self, with the flag and the number of answers that it has
// explained, at most 3, in its low bits; NOWHERE if it did not explain one.
// owner: words_learn; lock: none; ordering: relaxed, one word
static uintptr_t words_at;
#define EXPLAINED ((uintptr_t)3)
#define ABOVE_GUARD ((uintptr_t)4)
#define NOWHERE UINTPTR_MAX

// Returns whether the words at a place describe a stack with the descriptor and here on it; stores
// its bounds.
static bool
words_read(uintptr_t place, uintptr_t here, uintptr_t bounds[2])
{
	uintptr_t self = (uintptr_t)pthread_self();
	const uintptr_t *words = (const uintptr_t *)(self + (place & ~(EXPLAINED | ABOVE_GUARD)));
	uintptr_t lo = words[0], size = words[1], guard = words[2];

	if (lo >= here || here >= self || size <= self - lo || size > UINTPTR_MAX - lo ||
		guard >= here - lo) {
		return false;
	}
	bounds[0] = lo + ((place & ABOVE_GUARD) != 0 ? guard : 0);
	bounds[1] = lo + size;
	return true;
}

static bool
words_explain(uintptr_t place, uintptr_t here, const uintptr_t answer[2])
{
	uintptr_t bounds[2];

	return words_read(place, here, bounds) && bounds[0] == answer[0] && bounds[1] == answer[1];
}

// Returns the only place whose words explain an answer in one way, or NOWHERE.
static uintptr_t
words_search(uintptr_t here, const uintptr_t answer[2])
{
	uintptr_t room = answer[1] - (uintptr_t)pthread_self(), found = NOWHERE;

	room = room < DESCRIPTOR_BYTES ? room : DESCRIPTOR_BYTES;
	for (uintptr_t at = 0; at + 3 * sizeof at <= room; at += sizeof at) {
		bool with = words_explain(at, here, answer);
		bool above = words_explain(at | ABOVE_GUARD, here, answer);

		if (with != above) {
			if (found != NOWHERE) {
				return NOWHERE;
			}
			found = with ? at : at | ABOVE_GUARD;
		}
	}
	return found;
}

// Learns from an answer of libc. Each thread's is another one.
static void
words_learn(uintptr_t here, const uintptr_t answer[2])
{
	uintptr_t place = rcgo_load_rlx(&words_at);

	if (place == NOWHERE || here < answer[0] || (uintptr_t)pthread_self() <= here ||
		(uintptr_t)pthread_self() >= answer[1]) {
		return;
	}
	if (place == 0) {
		place = words_search(here, answer);
	} else if (!words_explain(place, here, answer)) {
		place = NOWHERE;
	}
	if (place == NOWHERE || (place & EXPLAINED) != EXPLAINED) {
		rcgo_store_rlx(&words_at, place == NOWHERE ? NOWHERE : place + 1);
	}
}

static bool
words_known(uintptr_t here, uintptr_t bounds[2])
{
	uintptr_t place = rcgo_load_rlx(&words_at);

	return place != NOWHERE && (place & EXPLAINED) == EXPLAINED &&
	       words_read(place, here, bounds);
}

void
rcgo__stack_bounds(uintptr_t bounds[2])
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	pthread_attr_t attr;
	void *lo = NULL;
	size_t size = 0;
	int saved = errno;

	bounds[0] = 0;
	bounds[1] = 0;
	if (words_known(here, bounds) || main_stack(here, bounds)) {
		errno = saved;
		return;
	}
	// Before 2.32, glibc did not initialize all of attr (golang/go#65625).
	pthread_attr_init(&attr);
	// If this fails, glibc has destroyed attr.
	if (pthread_getattr_np(pthread_self(), &attr) == 0) {
		if (pthread_attr_getstack(&attr, &lo, &size) == 0) {
			bounds[0] = (uintptr_t)lo;
			bounds[1] = (uintptr_t)lo + size;
			words_learn(here, bounds);
		}
		pthread_attr_destroy(&attr);
	}
	errno = saved;
}
