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

enum { MB = 1024 * 1024 };

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

static void
report_processes(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NPROC, &r) != 0) {
		return;
	}
	char *text = fmt("%s processes and threads for this user", limit_text(r.rlim_cur));

	if (r.rlim_cur != RLIM_INFINITY && r.rlim_cur < DOCTOR_FEW_THREADS && geteuid() != 0) {
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
		bool large = r.rlim_cur != RLIM_INFINITY && r.rlim_cur > (rlim_t)256 * MB;

		finding(small || large ? LEVEL_WARN : LEVEL_OK, "RLIMIT_STACK",
			fmt("%s bytes, the size of each C thread's stack", limit_text(r.rlim_cur)),
			small	? "C code needs more: `ulimit -s 8192`"
			: large ? "threads may not find room for that: `ulimit -s 8192`"
				: NULL);
	}
	if (getrlimit(RLIMIT_AS, &r) == 0) {
		bool small = r.rlim_cur != RLIM_INFINITY && r.rlim_cur < (rlim_t)2048 * MB;

		finding(small ? LEVEL_WARN : LEVEL_OK, "RLIMIT_AS",
			fmt("%s bytes of address space", limit_text(r.rlim_cur)),
			small ? "Go reserves much more than it uses: `ulimit -v unlimited`" : NULL);
	}
}

void
doctor_limits(void)
{
	report_processes();
	report_memory();
	doctor_kernel_limits();
}
