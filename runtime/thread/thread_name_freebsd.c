// SPDX-License-Identifier: BSD-3-Clause
// Thread names on FreeBSD, and the page of the counters. A thread is named on its own stack.
// Contract: pthread_set_name_np(3).

//rcgo:small

#include <errno.h>
#include <pthread.h>
#include <pthread_np.h>

#include "stats_page.h"
#include "strbuf.h"

// No tool finds the page of another process here (rcgo top reads Linux's /proc), so the counters
// stay in the program's own memory.
void *
rcgo__stats_page_map(RCGO_UNUSED size_t size)
{
	return NULL;
}

void
rcgo__thread_name(uint64_t number)
{
	char name[20]; // MAXCOMLEN + 1
	struct rcgo_strbuf t = rcgo__strbuf_init(name, sizeof name);
	int saved = errno;

	if (!rcgo__stats_flag(RCGO_STATS_PAGE_NAMES)) {
		return;
	}
	rcgo__append_str(&t, "go:");
	rcgo__append_uint(&t, number, 0);
	pthread_set_name_np(pthread_self(), name);
	errno = saved;
}
