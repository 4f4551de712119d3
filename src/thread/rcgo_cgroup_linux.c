// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: the cgroup that lets this process have the fewest threads more. Runs on g0,
// after a failed start. Contract: the kernel's cgroup-v2.rst and cgroup-v1/pids.rst.

#include "rcgo_usage.h"

#include <string.h>

#include "rcgo_text.h"

// Whether the comma-separated list of length n at list holds name.
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

// Takes one line "ID:CONTROLLERS:PATH" of /proc/self/cgroup. When it is the one that counts
// threads, puts its directory into dir and returns true.
static bool
pids_directory(const char *line, char dir[PATH_MAX])
{
	struct rcgo_text t = rcgo__text_init(dir, PATH_MAX);
	const char *controllers = strchr(line, ':');
	const char *path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;

	if (path == NULL) {
		return false;
	}
	controllers++;
	if (path == controllers) {
		rcgo__text_str(&t, "/sys/fs/cgroup");
	} else if (list_has(controllers, (size_t)(path - controllers), "pids")) {
		rcgo__text_str(&t, "/sys/fs/cgroup/pids");
	} else {
		return false;
	}
	rcgo__text_str(&t, path + 1);
	return t.len < PATH_MAX - 1;
}

// The number in the file NAME of the cgroup dir. "max" is no number.
static bool
cgroup_number(const char *dir, const char *name, uint64_t *value)
{
	char path[PATH_MAX + 32];
	struct rcgo_text t = rcgo__text_init(path, sizeof path);

	rcgo__text_str(&t, dir);
	rcgo__text_str(&t, name);
	return rcgo__file_number(path, value);
}

// Walks from the cgroup at walk up to the file system's root and keeps in u and dir the limit
// with the least room. walk is used up.
static bool
tightest(char *walk, struct rcgo_usage *u, char dir[PATH_MAX])
{
	size_t root = strlen("/sys/fs/cgroup");
	bool found = false;

	while (strlen(walk) >= root) {
		struct rcgo_usage here;
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

// What the lines of /proc/self/cgroup fill in.
struct pids {
	struct rcgo_usage *usage;
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
rcgo__usage_cgroup_pids(struct rcgo_usage *u, char dir[PATH_MAX])
{
	struct pids p = {.usage = u, .dir = dir};

	return rcgo__file_each_line("/proc/self/cgroup", cgroup_line, &p) == 0 && p.found;
}
