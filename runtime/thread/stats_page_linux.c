// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: the counters, and the page that they lie in. On any stack.

//rcgo:small

#include "stats_page.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "go_text.h"
#include "options.h"
#include "strbuf.h"
#include "thread_record.h"

// owner: whoever adds; lock: none; ordering: relaxed, each is a number by itself
static _Alignas(16) struct rcgo_stats_page own_sight = {
	.magic = RCGO_STATS_PAGE_MAGIC, .size = sizeof own_sight};
// owner: rcgo__stats_init; lock: none; ordering: pthread_create of every thread that reads it
static struct rcgo_stats_page *sight = &own_sight;

void
rcgo__stats_init(void)
{
	bool counts = rcgo__option_is("stats", "on");
	int saved = errno;
	uintptr_t text[2];
	struct rcgo_stats_page *shared = counts ? rcgo__stats_page_map(sizeof *shared) : NULL;

	if (shared != NULL) {
		// The magic goes last: whoever finds it may read on.
		shared->size = own_sight.size;
		sight = shared;
	}
	rcgo__go_text(&text[0], &text[1]);
	sight->go_text[0] = text[0];
	sight->go_text[1] = text[1];
	sight->stats.callbacks_counted = counts;
	rcgo_store_rel(&sight->flags,
		RCGO_STATS_PAGE_UP | (rcgo__option_is("names", "on") ? RCGO_STATS_PAGE_NAMES : 0) |
			(counts ? RCGO_STATS_PAGE_CALLBACKS : 0));
	if (shared != NULL) {
		memcpy(shared->magic, own_sight.magic, sizeof shared->magic);
	}
	errno = saved;
}

struct rcgo_stats *
rcgo__stats(void)
{
	return &sight->stats;
}

bool
rcgo__stats_flag(uint32_t flag)
{
	return (rcgo_load_rlx(&sight->flags) & flag) != 0;
}

uint64_t
rcgo__stats_thread_begins(void)
{
	struct rcgo_stats *stats = rcgo__stats();
	uint64_t running = rcgo_add_rlx(&stats->threads_running, 1) + 1;

	if (running > rcgo_load_rlx(&stats->threads_peak)) {
		rcgo_store_rlx(&stats->threads_peak, running);
	}
	return rcgo_add_rlx(&stats->threads_started, 1) + 1;
}

void
rcgo__stats_thread_ends(void)
{
	rcgo_add_rlx(&rcgo__stats()->threads_running, (uint64_t)-1);
}

// Thread Management: what the system shows of threads: their names, and our page as a memory file.
// The page is made as Go starts; a thread is named on its own stack.

#define CLOSE_ON_EXEC 1U // MFD_CLOEXEC; glibc has the name from 2.27 on
// Away from the low numbers, which a program may expect its own files to get.
#define FD_FROM 200

// The kernel ends a process by SIGXFSZ that makes a file longer than its limit (ulimit -f).
static bool
may_grow(size_t size)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur >= size;
}

void *
rcgo__stats_page_map(size_t size)
{
	int low = may_grow(size)
			  ? (int)syscall(SYS_memfd_create, RCGO_STATS_PAGE_FILE, CLOSE_ON_EXEC)
			  : -1;
	int fd = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, FD_FROM);
	void *page = MAP_FAILED;

	if (low >= 0) {
		close(low);
	}
	if (fd >= 0 && ftruncate(fd, (off_t)size) == 0) {
		page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	}
	if (page == MAP_FAILED) {
		if (fd >= 0) {
			close(fd);
		}
		return NULL;
	}
	return page;
}

void
rcgo__thread_name(uint64_t number)
{
	char name[16]; // TASK_COMM_LEN
	struct rcgo_strbuf t = rcgo__strbuf_init(name, sizeof name);
	int saved = errno;

	if (!rcgo__stats_flag(RCGO_STATS_PAGE_NAMES)) {
		return;
	}
	rcgo__append_str(&t, "go:");
	rcgo__append_uint(&t, number, 0);
	prctl(PR_SET_NAME, name);
	errno = saved;
}

// Thread Management, the edge: what C may ask and tell of threads. Runs on any stack.

void
rcgo_stats(struct rcgo_stats *stats, size_t size)
{
	const uint64_t *from = (const uint64_t *)rcgo__stats();
	uint64_t *to = (uint64_t *)stats;

	for (size_t i = 0; i < size / sizeof *to; i++) {
		to[i] = i < sizeof *stats / sizeof *to ? rcgo_load_rlx(&from[i]) : 0;
	}
}

// Go asks for the stack of a thread of C when it enters Go the first time, of others never: a call
// from C then goes on below where C is, and finds itself out of g0's bounds.
static void
bound_g0(const G *g0, uintptr_t lo, uintptr_t hi)
{
	G *g = (G *)(uintptr_t)g0;
	uintptr_t guard = g->stackguard0 - g->stacklo;

	g->stacklo = lo;
	g->stackhi = hi;
	g->stackguard0 = lo + guard;
	g->stackguard1 = lo + guard;
}

void
rcgo_stack_switched(uintptr_t lo, uintptr_t hi)
{
	struct rcgo_thread_record *r = rcgo__thread_record();

	if (r == NULL) {
		return;
	}
	if (r->g0 != NULL && hi != 0) {
		if (r->alt_c_stack_hi == 0) {
			r->g0_lo = r->g0->stacklo;
			r->g0_hi = r->g0->stackhi;
		}
		bound_g0(r->g0, lo, hi);
	} else if (r->g0 != NULL && r->alt_c_stack_hi != 0 && r->g0_hi != 0) {
		bound_g0(r->g0, r->g0_lo, r->g0_hi);
		r->g0_hi = 0;
	}
	r->alt_c_stack_lo = lo;
	r->alt_c_stack_hi = hi;
}
