// SPDX-License-Identifier: BSD-3-Clause
// Thread names on FreeBSD, and the page of the counters. A thread is named on its own stack.
// Contract: pthread_set_name_np(3).

//rcgo:small

#include <pthread.h>
#include <pthread_np.h>

#include "stats_page.h"

// No tool finds the page of another process here (rcgo top reads Linux's /proc), so the counters
// stay in the program's own memory.
void *
rcgo__stats_page_map(RCGO_UNUSED size_t size)
{
	return NULL;
}

void
rcgo__thread_set_name(const char *name)
{
	pthread_set_name_np(pthread_self(), name);
}
