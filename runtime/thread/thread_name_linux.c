// SPDX-License-Identifier: BSD-3-Clause
// Thread names, and the page as a memory file. The page is made while Go starts. A thread is
// named on its own stack.

//rcgo:small

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stats_page.h"

#define CLOSE_ON_EXEC 1U // MFD_CLOEXEC; glibc has the name from 2.27 on
// The lowest descriptor number to use. A program may expect low numbers for its own files.
#define FD_FROM 200

// Returns whether a file may have size bytes. The kernel sends SIGXFSZ to a process that makes a
// file longer than its limit (ulimit -f).
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
rcgo__thread_set_name(const char *name)
{
	prctl(PR_SET_NAME, name);
}
