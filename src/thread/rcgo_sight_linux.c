// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: what the system shows of threads: their names, and our page as a memory file.
// The page is made as Go starts; a thread is named on its own stack.

#include "rcgo_stats.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rcgo_text.h"

#define CLOSE_ON_EXEC 1U // MFD_CLOEXEC; glibc has the name from 2.27 on
// Away from the low numbers, which a program may expect its own files to get.
#define FD_FROM 200

void *
rcgo__sight_map(size_t size)
{
	int low = (int)syscall(SYS_memfd_create, RCGO_SIGHT_FILE, CLOSE_ON_EXEC);
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
	struct rcgo_text t = rcgo__text_init(name, sizeof name);
	int saved = errno;

	if (!rcgo__stats_flag(RCGO_SIGHT_NAMES)) {
		return;
	}
	rcgo__text_str(&t, "go:");
	rcgo__text_dec(&t, number, 0);
	prctl(PR_SET_NAME, name);
	errno = saved;
}
