// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: threads and memory in use, from /proc. Runs on g0, after a failed start.

#include "rcgo_usage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rcgo_cancel.h"
#include "rcgo_text.h"

// The kernel lets who has one of these pass RLIMIT_NPROC.
#define CAP_SYS_ADMIN_BIT 21
#define CAP_SYS_RESOURCE_BIT 24

// What getdents64(2) stores. Its layout is the kernel's.
struct dirent64_head {
	uint64_t ino;
	int64_t off;
	unsigned short reclen;
	unsigned char type;
};
#define DIRENT64_NAME 19 // offset of the name: the head without its tail padding

// What to look for in a file of "KEY value" lines, and where the value goes.
struct field {
	const char *key;
	char value[32];
	bool found;
};

static bool
field_line(const char *line, void *arg)
{
	struct field *f = arg;
	struct rcgo_text t = rcgo__text_init(f->value, sizeof f->value);
	size_t n = strlen(f->key);

	if (strncmp(line, f->key, n) == 0) {
		line += n + strspn(line + n, " \t");
		rcgo__text_str(&t, line);
		f->found = true;
	}
	return f->found;
}

// Reads the decimal number of the line that begins with key. Lines before it may be long: a user
// of many groups has thousands of them in one.
static bool
file_field(const char *path, const char *key, uint64_t *value)
{
	struct field f = {.key = key};
	const char *at = f.value;

	return rcgo__file_each_line(path, field_line, &f) == 0 && f.found &&
	       rcgo__parse_dec(&at, value) == 0;
}

static uint64_t
rlimit_value(int resource)
{
	struct rlimit limit;
	int saved = errno;
	bool known = getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;

	errno = saved;
	return known ? (uint64_t)limit.rlim_cur : RCGO_UNLIMITED;
}

// What /proc/self/status says now.
struct own_status {
	uint64_t threads;
	uint64_t data_kib;
	uint64_t capabilities;
};

static bool
own_status_line(const char *line, void *arg)
{
	struct own_status *own = arg;
	const char *at = line;

	if (rcgo__text_starts(line, "Threads:", &at)) {
		rcgo__parse_dec(&at, &own->threads);
	} else if (rcgo__text_starts(line, "VmData:", &at)) {
		rcgo__parse_dec(&at, &own->data_kib);
	} else if (rcgo__text_starts(line, "CapEff:", &at)) {
		rcgo__parse_hex(&at, &own->capabilities);
		return true; // the last of the three
	}
	return false;
}

static struct own_status
own_status_read(void)
{
	struct own_status own = {0};

	rcgo__file_each_line("/proc/self/status", own_status_line, &own);
	return own;
}

uint64_t
rcgo__usage_own_threads(void)
{
	return own_status_read().threads;
}

// Whether this process lives in the first user namespace: only there user ids and capabilities
// are what they say.
static bool
in_first_user_namespace(void)
{
	char buf[128];
	const char *at = buf;
	uint64_t inside, outside, count;

	return rcgo__file_read("/proc/self/uid_map", buf, sizeof buf) > 0 &&
	       rcgo__parse_dec(&at, &inside) == 0 && rcgo__parse_dec(&at, &outside) == 0 &&
	       rcgo__parse_dec(&at, &count) == 0 && inside == 0 && outside == 0 &&
	       count == UINT32_MAX;
}

// Root and who holds one of two capabilities is exempt from RLIMIT_NPROC.
static bool
nproc_exempt(void)
{
	uint64_t capabilities;

	if (!in_first_user_namespace()) {
		return false;
	}
	if (getuid() == 0) {
		return true;
	}
	capabilities = own_status_read().capabilities;
	return (capabilities >> CAP_SYS_ADMIN_BIT & 1) != 0 ||
	       (capabilities >> CAP_SYS_RESOURCE_BIT & 1) != 0;
}

// The threads of the process /proc/PID if uid is its real user, else 0.
static uint64_t
process_threads(const char *pid, uint64_t uid)
{
	char path[64];
	struct rcgo_text t = rcgo__text_init(path, sizeof path);
	uint64_t owner, threads;

	rcgo__text_str(&t, "/proc/");
	rcgo__text_str(&t, pid);
	rcgo__text_str(&t, "/status");
	if (!file_field(path, "Uid:", &owner) || owner != uid ||
		!file_field(path, "Threads:", &threads)) {
		return 0;
	}
	return threads;
}

// The threads of all processes of this process's real user, as far as /proc shows them.
static uint64_t
user_threads(void)
{
	_Alignas(struct dirent64_head) char buf[2048];
	uint64_t uid = getuid();
	uint64_t threads = 0;
	int saved = errno, cancel = rcgo__cancel_off();
	int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long n;

	while (fd >= 0 && (n = syscall(SYS_getdents64, fd, buf, sizeof buf)) > 0) {
		for (long at = 0; at < n;) {
			struct dirent64_head head;
			const char *name = buf + at + DIRENT64_NAME;

			memcpy(&head, buf + at, sizeof head);
			if (*name >= '1' && *name <= '9') {
				threads += process_threads(name, uid);
			}
			at += head.reclen;
		}
	}
	if (fd >= 0) {
		close(fd);
	}
	rcgo__cancel_back(cancel);
	errno = saved;
	return threads;
}

bool
rcgo__usage_nproc(struct rcgo_usage *u)
{
	u->value = nproc_exempt() ? RCGO_UNLIMITED : rlimit_value(RLIMIT_NPROC);
	u->used = user_threads();
	return u->used != 0;
}

// All threads of the system: the number behind the slash in "0.1 0.2 0.3 2/345 6789".
static bool
system_threads(uint64_t *threads)
{
	char buf[128];
	const char *at;

	if (rcgo__file_read("/proc/loadavg", buf, sizeof buf) <= 0 ||
		(at = strchr(buf, '/')) == NULL) {
		return false;
	}
	at++;
	return rcgo__parse_dec(&at, threads) == 0;
}

bool
rcgo__usage_threads_max(struct rcgo_usage *u)
{
	return system_threads(&u->used) &&
	       rcgo__file_number("/proc/sys/kernel/threads-max", &u->value);
}

bool
rcgo__usage_pid_max(struct rcgo_usage *u)
{
	return system_threads(&u->used) && rcgo__file_number("/proc/sys/kernel/pid_max", &u->value);
}

bool
rcgo__usage_map_count(struct rcgo_usage *u)
{
	long lines = rcgo__file_lines("/proc/self/maps");

	u->used = lines > 0 ? (uint64_t)lines : 0;
	return lines > 0 && rcgo__file_number("/proc/sys/vm/max_map_count", &u->value);
}

bool
rcgo__usage_address_space(struct rcgo_usage *u)
{
	uint64_t pages;

	if (!rcgo__file_number("/proc/self/statm", &pages)) {
		return false;
	}
	u->value = rlimit_value(RLIMIT_AS);
	if (u->value != RCGO_UNLIMITED) {
		u->value /= 1024;
	}
	u->used = pages * ((uint64_t)sysconf(_SC_PAGESIZE) / 1024);
	return true;
}

bool
rcgo__usage_data(struct rcgo_usage *u)
{
	u->value = rlimit_value(RLIMIT_DATA);
	if (u->value != RCGO_UNLIMITED) {
		u->value /= 1024;
	}
	u->used = own_status_read().data_kib;
	return u->used != 0;
}

bool
rcgo__usage_commit(struct rcgo_usage *u)
{
	uint64_t mode;

	if (!rcgo__file_number("/proc/sys/vm/overcommit_memory", &mode) ||
		!file_field("/proc/meminfo", "CommitLimit:", &u->value) ||
		!file_field("/proc/meminfo", "Committed_AS:", &u->used)) {
		return false;
	}
	if (mode != 2) {
		u->value = RCGO_UNLIMITED;
	}
	return true;
}
