// SPDX-License-Identifier: BSD-3-Clause
// Explains why a thread did not start (golang/go#51678, golang/go#81552), and reads limits and
// their use. Runs on g0, once, just before the process ends.

//rcgo:small

#include "thread_limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "raw_syscall.h"
#include "strbuf.h"
#include "thread_management.h"

// After the first round the kernel assigns no process id below RESERVED_PIDS, so that many stay
// unused.
#define ONE_PID 301

// Represents the size of the new thread's stack in KiB.
#define ONE_STACK 0
// Represents the size of its stack and guard. Only RLIMIT_AS counts the guard: it is not writable.
#define ONE_MAPPING UINT64_MAX

// The limits that can stop a new thread. The cgroup's limit comes before them, because its advice
// contains the directory.
static const struct limit {
	const char *name;
	bool (*read)(struct rcgo_limit_usage *);
	uint64_t need; // the amount that one more thread takes
	const char *advice;
} limits[] = {
	{"RLIMIT_NPROC (threads of this user)", rcgo__limit_usage_nproc, 1,
		"Raise it: ulimit -u, LimitNPROC= in systemd, nproc in /etc/security/limits.conf."},
	{"kernel.threads-max", rcgo__limit_usage_threads_max, 1,
		"Raise it: sysctl -w kernel.threads-max=N."},
	{"kernel.pid_max", rcgo__limit_usage_pid_max, ONE_PID,
		"Raise it: sysctl -w kernel.pid_max=N."},
	{"RLIMIT_AS (KiB)", rcgo__limit_usage_address_space, ONE_MAPPING,
		"Raise it (ulimit -v) or make thread stacks smaller (RCGO=stack=SIZE)."},
	{"RLIMIT_DATA (KiB)", rcgo__limit_usage_data, ONE_STACK,
		"Raise it (ulimit -d) or make thread stacks smaller (RCGO=stack=SIZE)."},
	{"vm.max_map_count", rcgo__limit_usage_map_count, 2,
		"Raise it: sysctl -w vm.max_map_count=N."},
	{"vm.overcommit_memory=2 (KiB)", rcgo__limit_usage_commit, ONE_STACK,
		"Free memory, add swap, or set vm.overcommit_memory to 0."},
};

static const char none_reached[] = "None of these is reached: a seccomp filter, or a limit "
				   "outside of this container, may be.";

static bool
reached(const struct rcgo_limit_usage *u, uint64_t need)
{
	return u->value != RCGO_UNLIMITED && (u->used >= u->value || u->value - u->used < need);
}

// Returns the amount of a limit that one more thread takes.
static uint64_t
need_of(const struct limit *l, size_t stack_size, size_t guard_size)
{
	if (l->need == ONE_STACK) {
		return stack_size / 1024;
	}
	return l->need == ONE_MAPPING ? (stack_size + guard_size) / 1024 : l->need;
}

static void
heading(struct rcgo_strbuf *t, size_t stack_size, size_t guard_size)
{
	uint64_t threads = rcgo__limit_usage_self_threads();

	rcgo__append_str(t, "\n\tThis process has ");
	if (threads != 0) {
		rcgo__append_uint(t, threads, 0);
	} else {
		rcgo__append_str(t, "an unknown number of");
	}
	rcgo__append_str(t, " threads; one more takes a stack of ");
	rcgo__append_uint(t, stack_size / 1024, 0);
	rcgo__append_str(t, " KiB");
	if (guard_size != 0) {
		rcgo__append_str(t, " and a guard of ");
		rcgo__append_uint(t, guard_size / 1024, 0);
		rcgo__append_str(t, " KiB");
	}
	rcgo__append_str(t, ".\n");
	rcgo__limits_table_head(t);
}

// Writes the cgroup's row. Returns whether its limit is reached. Then dir is its directory.
static bool
cgroup_row(struct rcgo_strbuf *t, char dir[PATH_MAX])
{
	struct rcgo_limit_usage u;

	if (!rcgo__limit_usage_cgroup_pids(&u, dir)) {
		return false;
	}
	rcgo__limits_table_row(t, "cgroup pids.max", &u, reached(&u, 1));
	return reached(&u, 1);
}

static void
cgroup_advice(struct rcgo_strbuf *t, const char *dir)
{
	rcgo__append_str(t, "Raise pids.max of ");
	rcgo__append_str(t, dir);
	rcgo__append_str(t, " (TasksMax= in systemd, --pids-limit in docker, podPidsLimit in "
			    "Kubernetes).");
}

// Writes the other rows. Returns the advice for the first limit that is reached, or NULL.
// Indirect: the readers that limits[] names, all in thread_limits.h.
static const char *
limit_rows(struct rcgo_strbuf *t, size_t stack_size, size_t guard_size)
{
	const char *advice = NULL;

	for (size_t i = 0; i < RCGO_COUNTOF(limits); i++) {
		const struct limit *l = &limits[i];
		struct rcgo_limit_usage u;
		bool hit;

		if (!l->read(&u)) {
			continue;
		}
		hit = reached(&u, need_of(l, stack_size, guard_size));
		rcgo__limits_table_row(t, l->name, &u, hit);
		if (hit && advice == NULL) {
			advice = l->advice;
		}
	}
	return advice;
}

void
rcgo__limits_explain(struct rcgo_strbuf *t, size_t stack_size, size_t guard_size)
{
	char dir[PATH_MAX];
	bool by_cgroup;
	const char *advice;

	heading(t, stack_size, guard_size);
	by_cgroup = cgroup_row(t, dir);
	advice = limit_rows(t, stack_size, guard_size);
	rcgo__append_str(t, "\n\t");
	if (by_cgroup) {
		cgroup_advice(t, dir);
	} else {
		rcgo__append_str(t, advice != NULL ? advice : none_reached);
	}
	rcgo__append_str(
		t, "\n\tOr keep fewer goroutines in C calls at once: each holds a thread.");
}

// Indirect: the readers that limits[] names, all in thread_limits.h.
bool
rcgo__limits_are_memory(size_t stack_size, size_t guard_size)
{
	for (size_t i = 0; i < RCGO_COUNTOF(limits); i++) {
		const struct limit *l = &limits[i];
		struct rcgo_limit_usage u;

		if ((l->need == ONE_STACK || l->need == ONE_MAPPING) && l->read(&u) &&
			reached(&u, need_of(l, stack_size, guard_size))) {
			return true;
		}
	}
	return false;
}

// Threads and memory in use, from /proc. Runs on g0, after a failed start.

// A process with one of these capabilities may exceed RLIMIT_NPROC.
#define CAP_SYS_ADMIN_BIT 21
#define CAP_SYS_RESOURCE_BIT 24

// The record that getdents64(2) stores, in the kernel's layout.
struct dirent64_head {
	uint64_t ino;
	int64_t off;
	unsigned short reclen;
	unsigned char type;
};
#define DIRENT64_NAME 19 // offset of the name: the header without its tail padding

// A key to find in a file of "KEY value" lines, and its value.
struct field {
	const char *key;
	char value[32];
	bool found;
};

static bool
field_line(const char *line, void *arg)
{
	struct field *f = arg;
	struct rcgo_strbuf t = rcgo__strbuf_init(f->value, sizeof f->value);
	size_t n = strlen(f->key);

	if (strncmp(line, f->key, n) == 0) {
		line += n + strspn(line + n, " \t");
		rcgo__append_str(&t, line);
		f->found = true;
	}
	return f->found;
}

// Reads the decimal number of the line that begins with key. Lines before it may be long: a user
// in many groups has thousands of group ids in one line.
static bool
file_field(const char *path, const char *key, uint64_t *value)
{
	struct field f = {.key = key};
	const char *at = f.value;

	return rcgo__file_each_line(path, field_line, &f) == 0 && f.found &&
	       rcgo__parse_uint(&at, value) == 0;
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

// The fields of /proc/self/status that are used.
struct self_status {
	uint64_t threads;
	uint64_t data_kib;
	uint64_t capabilities;
};

static bool
self_status_line(const char *line, void *arg)
{
	struct self_status *status = arg;
	const char *at = line;

	if (rcgo__has_prefix(line, "Threads:", &at)) {
		rcgo__parse_uint(&at, &status->threads);
	} else if (rcgo__has_prefix(line, "VmData:", &at)) {
		rcgo__parse_uint(&at, &status->data_kib);
	} else if (rcgo__has_prefix(line, "CapEff:", &at)) {
		rcgo__parse_hex(&at, &status->capabilities);
		return true; // the last of the three
	}
	return false;
}

static struct self_status
self_status_read(void)
{
	struct self_status status = {0};

	rcgo__file_each_line("/proc/self/status", self_status_line, &status);
	return status;
}

uint64_t
rcgo__limit_usage_self_threads(void)
{
	return self_status_read().threads;
}

// Returns whether this process is in the initial user namespace. Only there are user ids and
// capabilities those that the kernel checks.
static bool
in_first_user_namespace(void)
{
	char buf[128];
	const char *at = buf;
	uint64_t inside, outside, count;

	return rcgo__file_read("/proc/self/uid_map", buf, sizeof buf) > 0 &&
	       rcgo__parse_uint(&at, &inside) == 0 && rcgo__parse_uint(&at, &outside) == 0 &&
	       rcgo__parse_uint(&at, &count) == 0 && inside == 0 && outside == 0 &&
	       count == UINT32_MAX;
}

// Returns whether this process is exempt from RLIMIT_NPROC: root, or a process with one of two
// capabilities.
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
	capabilities = self_status_read().capabilities;
	return (capabilities >> CAP_SYS_ADMIN_BIT & 1) != 0 ||
	       (capabilities >> CAP_SYS_RESOURCE_BIT & 1) != 0;
}

// Returns the number of threads of the process /proc/PID if uid is its real user, else 0.
static uint64_t
process_threads(const char *pid, uint64_t uid)
{
	char path[64];
	struct rcgo_strbuf t = rcgo__strbuf_init(path, sizeof path);
	uint64_t owner, threads;

	rcgo__append_str(&t, "/proc/");
	rcgo__append_str(&t, pid);
	rcgo__append_str(&t, "/status");
	if (!file_field(path, "Uid:", &owner) || owner != uid ||
		!file_field(path, "Threads:", &threads)) {
		return 0;
	}
	return threads;
}

// Returns the number of threads of all processes of this process's real user that /proc shows.
static uint64_t
user_threads(void)
{
	_Alignas(struct dirent64_head) char buf[2048];
	uint64_t uid = getuid();
	uint64_t threads = 0;
	int saved = errno, cancel = rcgo__cancel_disable();
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
	rcgo__cancel_restore(cancel);
	errno = saved;
	return threads;
}

bool
rcgo__limit_usage_nproc(struct rcgo_limit_usage *u)
{
	u->value = nproc_exempt() ? RCGO_UNLIMITED : rlimit_value(RLIMIT_NPROC);
	u->used = user_threads();
	return u->used != 0;
}

// Reads the number of threads in the system: the number after the slash in "0.1 0.2 0.3 2/345
// 6789".
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
	return rcgo__parse_uint(&at, threads) == 0;
}

bool
rcgo__limit_usage_threads_max(struct rcgo_limit_usage *u)
{
	return system_threads(&u->used) &&
	       rcgo__file_number("/proc/sys/kernel/threads-max", &u->value);
}

bool
rcgo__limit_usage_pid_max(struct rcgo_limit_usage *u)
{
	return system_threads(&u->used) && rcgo__file_number("/proc/sys/kernel/pid_max", &u->value);
}

bool
rcgo__limit_usage_map_count(struct rcgo_limit_usage *u)
{
	long lines = rcgo__file_lines("/proc/self/maps");

	u->used = lines > 0 ? (uint64_t)lines : 0;
	return lines > 0 && rcgo__file_number("/proc/sys/vm/max_map_count", &u->value);
}

bool
rcgo__limit_usage_address_space(struct rcgo_limit_usage *u)
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
rcgo__limit_usage_data(struct rcgo_limit_usage *u)
{
	u->value = rlimit_value(RLIMIT_DATA);
	if (u->value != RCGO_UNLIMITED) {
		u->value /= 1024;
	}
	u->used = self_status_read().data_kib;
	return u->used != 0;
}

bool
rcgo__limit_usage_commit(struct rcgo_limit_usage *u)
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

// The cgroup that allows this process the fewest additional threads. Runs on g0, after a failed
// start. Contract: the kernel's cgroup-v2.rst and cgroup-v1/pids.rst.

// Returns whether the comma-separated list of length n at list contains name.
static bool
list_has(const char *list, size_t n, const char *name)
{
	size_t len = strlen(name);
	const char *end = list + n;

	for (const char *at = list; at + len <= end; at++) {
		if ((at == list || at[-1] == ',') && memcmp(at, name, len) == 0 &&
			(at + len == end || at[len] == ',')) {
			return true;
		}
	}
	return false;
}

// Parses one line "ID:CONTROLLERS:PATH" of /proc/self/cgroup. If it is the hierarchy that limits
// threads, stores its directory in dir and returns true.
static bool
pids_directory(const char *line, char dir[PATH_MAX])
{
	struct rcgo_strbuf t = rcgo__strbuf_init(dir, PATH_MAX);
	const char *controllers = strchr(line, ':');
	const char *path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;

	if (path == NULL) {
		return false;
	}
	controllers++;
	if (path == controllers) {
		rcgo__append_str(&t, "/sys/fs/cgroup");
	} else if (list_has(controllers, (size_t)(path - controllers), "pids")) {
		rcgo__append_str(&t, "/sys/fs/cgroup/pids");
	} else {
		return false;
	}
	rcgo__append_str(&t, path + 1);
	return t.len < PATH_MAX - 1;
}

// Reads the number in the file name of the cgroup dir. "max" is not a number.
static bool
cgroup_number(const char *dir, const char *name, uint64_t *value)
{
	char path[PATH_MAX + 32];
	struct rcgo_strbuf t = rcgo__strbuf_init(path, sizeof path);

	rcgo__append_str(&t, dir);
	rcgo__append_str(&t, name);
	return rcgo__file_number(path, value);
}

// Visits the cgroup walk and its ancestors up to the file system's root. Stores in u and dir the
// limit with the least room. Overwrites walk.
static bool
tightest(char *walk, struct rcgo_limit_usage *u, char dir[PATH_MAX])
{
	size_t root = strlen("/sys/fs/cgroup");
	bool found = false;

	while (strlen(walk) >= root) {
		struct rcgo_limit_usage here;
		char *slash = strrchr(walk, '/');

		if (cgroup_number(walk, "/pids.max", &here.value) &&
			cgroup_number(walk, "/pids.current", &here.used) &&
			(!found || (int64_t)(here.value - here.used) <
					   (int64_t)(u->value - u->used))) {
			*u = here;
			memcpy(dir, walk, strlen(walk) + 1);
			found = true;
		}
		if (slash == NULL) {
			break;
		}
		*slash = 0;
	}
	return found;
}

// The result of parsing /proc/self/cgroup.
struct pids {
	struct rcgo_limit_usage *usage;
	char *dir;
	bool found;
};

static bool
cgroup_line(const char *line, void *arg)
{
	struct pids *p = arg;
	char walk[PATH_MAX];

	p->found = pids_directory(line, walk) && tightest(walk, p->usage, p->dir);
	return p->found;
}

bool
rcgo__limit_usage_cgroup_pids(struct rcgo_limit_usage *u, char dir[PATH_MAX])
{
	struct pids p = {.usage = u, .dir = dir};

	return rcgo__file_each_line("/proc/self/cgroup", cgroup_line, &p) == 0 && p.found;
}
