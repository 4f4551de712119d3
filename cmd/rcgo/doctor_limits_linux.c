// SPDX-License-Identifier: BSD-3-Clause
// rcgo doctor: the limits of Linux on processes, threads and mappings: control groups, /proc/sys.
#include "doctor.h"

#include <stdlib.h>
#include <string.h>

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

	if (max < DOCTOR_FEW_THREADS || (known && now + 100 > max)) {
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
doctor_kernel_limits(void)
{
	report_cgroups();
	report_sysctl(
		"threads-max", "/proc/sys/kernel/threads-max", 4096, "threads on this machine");
	report_sysctl(
		"pid_max", "/proc/sys/kernel/pid_max", 4096, "numbers for processes and threads");
	report_sysctl("max_map_count", "/proc/sys/vm/max_map_count", 65530,
		"mappings a process; a thread takes two or three");
}
