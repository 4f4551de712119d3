// SPDX-License-Identifier: BSD-3-Clause
// A GOROOT in the module cache, where the go command stores the toolchains that it downloads. From
// Go 1.25 on, it rejects overlays of files whose path begins with that directory. It accepts them
// by another path, that of a directory of links in our cache (goroot_farm.c).
#include "rcgo.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool
goroot_in_module_cache(const struct goenv *e)
{
	size_t n = strlen(e->gomodcache);

	return e->minor >= MODULE_CACHE_GO && n > 0 && has_prefix(e->goroot, e->gomodcache) &&
	       (e->goroot[n] == '/' || e->gomodcache[n - 1] == '/');
}

// Replaces the path of a GOROOT in the module cache by another one, in e and for go. Returns
// whether it did.
bool
goroot_rename(struct goenv *e, struct cache *c)
{
	if (!goroot_in_module_cache(e)) {
		return false;
	}
	unsigned long long hash = fnv1a(FNV1A_START, e->goroot, strlen(e->goroot));

	e->renamed = true;
	e->goroot = cache_put_goroot(c, fmt("goroot1.%d-%016llx", e->minor, hash), e->goroot);
	e->go = path_join(e->goroot, "bin/go");
	e->cgo_dir = path_join(e->goroot, "src/runtime/cgo");
	return true;
}

// Returns whether the user sets GOROOT. If not, the go command finds it by its own path.
bool
goroot_is_set(const struct goenv *e)
{
	const char *goroot = getenv("GOROOT");

	return (goroot != NULL && *goroot != '\0') || env_file_sets(e->goenv_file, "GOROOT");
}

// Returns the GOROOT of the go command if it does not switch to another Go.
static char *
unswitched_goroot(const struct goenv *e)
{
	char *argv[] = {e->go, xstrdup("env"), xstrdup("GOROOT"), NULL};
	const char *was = getenv("GOTOOLCHAIN");

	was = was == NULL ? NULL : xstrdup(was);
	setenv("GOTOOLCHAIN", "local", 1);
	struct spawned s = spawn(e->dir, argv, STDERR_DROP);

	if (was == NULL) {
		unsetenv("GOTOOLCHAIN");
	} else {
		setenv("GOTOOLCHAIN", was, 1);
	}
	return strndup(s.out, strcspn(s.out, "\n"));
}

// If go.mod, go.work or GOTOOLCHAIN make the go command switch to another Go, e->goroot is the
// GOROOT of that Go. Sets e->go to its go command, so that no further switch is needed. A wrapper
// script around go is not such a switch.
void
goroot_follow_switch(struct goenv *e)
{
	char *own = path_join(e->goroot, "bin/go");
	char *a = realpath(own, NULL), *b = realpath(e->go, NULL);

	if (a != NULL && b != NULL && strcmp(a, b) != 0 && access(own, X_OK) == 0 &&
		strcmp(unswitched_goroot(e), e->goroot) != 0) {
		e->go = own;
	}
}
