// SPDX-License-Identifier: BSD-3-Clause
// rcgo doctor: checks free space for our files, and the limits that affect a program with many
// threads.
#include "doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { FEW_THREADS = 1024, MB = 1024 * 1024 };

static void
report_free_space(
	const char *name, const char *dir, unsigned long long wanted_mb, const char *variable)
{
	struct statvfs v;

	if (statvfs(dir, &v) != 0) {
		finding(LEVEL_OK, name, fmt("%s, created when needed", dir), NULL);
		return;
	}
	unsigned long long mb = (unsigned long long)v.f_bavail * v.f_frsize / MB;

	if (mb < wanted_mb) {
		finding(LEVEL_WARN, name, fmt("%s has only %llu MB free", dir, mb),
			fmt("make room, or set %s to a directory with %llu MB free", variable,
				wanted_mb));
	} else {
		finding(LEVEL_OK, name, fmt("%s, %llu MB free", dir, mb), NULL);
	}
}

void
doctor_cache(const struct goenv *e)
{
	if (cache_problem() != NULL) {
		finding_of(LEVEL_FAIL, "cache", cache_problem());
		return;
	}
	char *first = cache_dir_wanted();
	char *why = first == NULL ? xstrdup("HOME is not set") : cache_try(first, true);
	char *probe = first == NULL ? NULL : path_join(first, ".doctor");
	int err = why != NULL ? 0 : write_file(probe, payload_hash, strlen(payload_hash));

	if (why == NULL && err == 0) {
		unlink(probe);
		report_free_space("cache", first, 2, "RCGO_CACHE");
	} else {
		char *second = cache_dir_private(false), *why2 = cache_try(second, false);
		char *text = fmt("%s%s%s", first == NULL ? "" : first, first == NULL ? "" : ": ",
			why != NULL ? why : strerror(-err));

		if (why2 != NULL) {
			finding(LEVEL_FAIL, "cache", fmt("%s; %s: %s", text, second, why2),
				"set RCGO_CACHE to a directory that you own");
		} else {
			finding(LEVEL_WARN, "cache", fmt("%s; %s is used instead", text, second),
				"set RCGO_CACHE to a directory that you own, to keep our files "
				"permanently");
		}
	}
	if (e != NULL && *e->gocache == '/') {
		report_free_space("Go's cache", e->gocache, 300, "GOCACHE");
	}
}

static char *
limit_text(rlim_t n)
{
	return n == RLIM_INFINITY ? xstrdup("unlimited") : fmt("%llu", (unsigned long long)n);
}

// Reads one number from a file such as those of /proc/sys. Returns false for "max" and for a
// missing file.
static bool
read_number(const char *path, unsigned long long *n)
{
	size_t size;
	char *text = read_file(path, &size), *end;

	if (text == NULL) {
		return false;
	}
	*n = strtoull(text, &end, 10);
	return end != text;
}

static void
report_processes(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NPROC, &r) != 0) {
		return;
	}
	char *text = fmt("%s processes and threads for this user", limit_text(r.rlim_cur));

	if (r.rlim_cur != RLIM_INFINITY && r.rlim_cur < FEW_THREADS && geteuid() != 0) {
		finding(LEVEL_WARN, "RLIMIT_NPROC", text,
			fmt("raise it: `ulimit -u %s`, or nproc in /etc/security/limits.conf",
				limit_text(r.rlim_max)));
	} else {
		finding(LEVEL_OK, "RLIMIT_NPROC", text, NULL);
	}
}

static void
report_memory(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_STACK, &r) == 0) {
		bool small = r.rlim_cur < 256 * 1024;
		bool large = r.rlim_cur != RLIM_INFINITY && r.rlim_cur > 256ULL * MB;

		finding(small || large ? LEVEL_WARN : LEVEL_OK, "RLIMIT_STACK",
			fmt("%s bytes, the size of each C thread's stack", limit_text(r.rlim_cur)),
			small	? "C code needs more: `ulimit -s 8192`"
			: large ? "threads may not find room for that: `ulimit -s 8192`"
				: NULL);
	}
	if (getrlimit(RLIMIT_AS, &r) == 0) {
		bool small = r.rlim_cur != RLIM_INFINITY && r.rlim_cur < 2048ULL * MB;

		finding(small ? LEVEL_WARN : LEVEL_OK, "RLIMIT_AS",
			fmt("%s bytes of address space", limit_text(r.rlim_cur)),
			small ? "Go reserves much more than it uses: `ulimit -v unlimited`" : NULL);
	}
}

// Finds the lowest pids.max between our control group and the root, each of which applies. Reads
// the group of the pids controller (version 1), or of all controllers (version 2: "0::").
static char *
tightest_group(unsigned long long *max)
{
	size_t size;
	char *save, *found = NULL, *text = read_file("/proc/self/cgroup", &size);

	for (char *line = text == NULL ? NULL : strtok_r(text, "\n", &save); line != NULL;
		line = strtok_r(NULL, "\n", &save)) {
		char *colon = strchr(line, ':'),
		     *group = colon == NULL ? NULL : strchr(colon + 1, ':');

		if (group == NULL || (!has_prefix(line, "0::") && !has_prefix(colon, ":pids:"))) {
			continue;
		}
		const char *root =
			has_prefix(line, "0::") ? "/sys/fs/cgroup" : "/sys/fs/cgroup/pids";

		for (char *up = group + 1;;) {
			char *file = fmt("%s%s/pids.max", root, strcmp(up, "/") == 0 ? "" : up);
			unsigned long long n;

			if (read_number(file, &n) && (found == NULL || n < *max)) {
				*max = n;
				found = file;
			}
			char *slash = strrchr(up, '/');

			if (slash == NULL || *up == '\0') {
				break;
			}
			*slash = '\0';
		}
	}
	return found;
}

static void
report_cgroups(void)
{
	unsigned long long max = 0, now = 0;
	char *file = tightest_group(&max);

	if (file == NULL) {
		finding(LEVEL_OK, "cgroup pids", "no limit", NULL);
		return;
	}
	char *current = fmt("%.*scurrent", (int)(strlen(file) - strlen("max")), file);
	bool known = read_number(current, &now);
	char *text = known ? fmt("%llu of %llu in use (%s)", now, max, file)
			   : fmt("%llu (%s)", max, file);

	if (max < FEW_THREADS || (known && now + 100 > max)) {
		finding(LEVEL_WARN, "cgroup pids", text,
			"raise it: --pids-limit of docker or podman, TasksMax= of systemd, "
			"podPidsLimit of "
			"Kubernetes");
	} else {
		finding(LEVEL_OK, "cgroup pids", text, NULL);
	}
}

static void
report_sysctl(const char *name, const char *path, unsigned long long wanted, const char *what)
{
	unsigned long long n;

	if (!read_number(path, &n)) {
		return;
	}
	if (n < wanted) {
		char *sysctl = xstrdup(path + strlen("/proc/sys/"));

		for (char *p = sysctl; (p = strchr(p, '/')) != NULL;) {
			*p = '.';
		}
		finding(LEVEL_WARN, name, fmt("%llu %s", n, what),
			fmt("raise it: `sysctl -w %s=%llu`", sysctl, wanted));
	} else {
		finding(LEVEL_OK, name, fmt("%llu %s", n, what), NULL);
	}
}

void
doctor_limits(void)
{
	report_processes();
	report_memory();
	report_cgroups();
	report_sysctl(
		"threads-max", "/proc/sys/kernel/threads-max", 4096, "threads on this machine");
	report_sysctl(
		"pid_max", "/proc/sys/kernel/pid_max", 4096, "numbers for processes and threads");
	report_sysctl("max_map_count", "/proc/sys/vm/max_map_count", 65530,
		"mappings a process; a thread takes two or three");
}
