// SPDX-License-Identifier: BSD-3-Clause
// System Calls: what /proc says of a thread that has not stopped. Runs while others are stopped.
// Contract: proc(5); PF_IO_WORKER and PF_USER_WORKER in Linux include/linux/sched.h.

#include "rcgo_allthreads.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "rcgo_raw.h"
#include "rcgo_text.h"

#define PF_IO_WORKER 0x10
#define PF_USER_WORKER 0x4000
#define FLAGS_FIELD 9 // in the stat file, counted from 1

// Reads /proc/self/task/TID/NAME, as far as it fits. Returns the bytes, or -errno.
RCGO_NO_SANITIZE static long
task_read(uint32_t tid, const char *name, char *buf, size_t size)
{
	char path[64];
	struct rcgo_text t = rcgo__text_init(path, sizeof path);
	size_t done = 0;
	long fd, n;

	rcgo__text_str(&t, "/proc/self/task/");
	rcgo__text_dec(&t, tid, 0);
	rcgo__text_str(&t, "/");
	rcgo__text_str(&t, name);
	fd = rcgo__raw(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
	if (fd < 0) {
		return fd;
	}
	while (done < size - 1 && (n = rcgo__raw(SYS_read, fd, (long)(buf + done),
					   (long)(size - 1 - done), 0, 0, 0)) > 0) {
		done += (size_t)n;
	}
	rcgo__raw(SYS_close, fd, 0, 0, 0, 0, 0);
	buf[done] = 0;
	return (long)done;
}

bool
rcgo__all_is_idle(uint32_t tid, char *thread_state)
{
	char buf[1024];
	const char *at;
	uint64_t flags = 0;

	*thread_state = 0;
	// The name, in parentheses, may have any byte in it.
	if (task_read(tid, "stat", buf, sizeof buf) <= 0 || (at = strrchr(buf, ')')) == NULL ||
		at[1] == 0) {
		return false;
	}
	at += 2;
	*thread_state = *at;
	for (int field = 3; field < FLAGS_FIELD && at != NULL; field++) {
		at = strchr(at, ' ');
		at = at != NULL ? at + 1 : NULL;
	}
	if (at != NULL) {
		rcgo__parse_dec(&at, &flags);
	}
	return *thread_state == 'Z' || *thread_state == 'X' ||
	       (flags & (PF_IO_WORKER | PF_USER_WORKER)) != 0;
}

static bool
mask_field(const char *status, const char *key, uint64_t *mask)
{
	const char *at = strstr(status, key);

	if (at == NULL) {
		return false;
	}
	at += strlen(key);
	return rcgo__parse_hex(&at, mask) == 0;
}

bool
rcgo__all_masks(uint32_t tid, uint64_t *blocked, uint64_t *pending)
{
	// The list of groups, before the masks, may be long; then nothing is known.
	char buf[3072];

	return task_read(tid, "status", buf, sizeof buf) > 0 &&
	       mask_field(buf, "\nSigPnd:", pending) && mask_field(buf, "\nSigBlk:", blocked);
}

bool
rcgo__all_is_listed(uint32_t tid)
{
	char buf[64];

	return task_read(tid, "stat", buf, sizeof buf) > 0;
}

uint32_t
rcgo__all_listed(void)
{
	struct stat st;

	return rcgo__raw(SYS_newfstatat, AT_FDCWD, (long)"/proc/self/task", (long)&st, 0, 0, 0) == 0
		       ? (uint32_t)st.st_nlink - 2
		       : 0;
}
