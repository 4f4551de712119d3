// SPDX-License-Identifier: BSD-3-Clause
// A GOROOT in the module cache, where the go command keeps the toolchains that it gets by itself.
// From Go 1.25 on it takes no overlay over files there, by which it means those whose path begins
// so: by the path of a link in our cache it does not.
#include "rcgo.h"

#include <stdlib.h>
#include <string.h>

bool
goroot_in_module_cache(const struct goenv *e)
{
	size_t n = strlen(e->gomodcache);

	return e->minor >= MODULE_CACHE_GO && n > 0 && has_prefix(e->goroot, e->gomodcache) &&
	       (e->goroot[n] == '/' || e->gomodcache[n - 1] == '/');
}

// Gives a GOROOT in the module cache another name, in e and for go. Returns whether.
bool
goroot_rename(struct goenv *e, struct cache *c)
{
	if (!goroot_in_module_cache(e)) {
		return false;
	}
	unsigned long long hash = fnv1a(FNV1A_START, e->goroot, strlen(e->goroot));

	e->goroot = cache_put_link(c, fmt("go1.%d-%016llx", e->minor, hash), e->goroot);
	e->go = path_join(e->goroot, "bin/go");
	e->cgo_dir = path_join(e->goroot, "src/runtime/cgo");
	if (setenv("GOROOT", e->goroot, 1) != 0) {
		fail("cannot set GOROOT: out of memory", NULL, NULL);
	}
	return true;
}

// Whether GOROOT has such a name, from an rcgo before this one.
bool
goroot_is_renamed(const struct goenv *e)
{
	const char *wanted = cache_dir_wanted(), *name = strrchr(e->goroot, '/');
	size_t n = name == NULL ? 0 : (size_t)(name - e->goroot);
	char *dir = fmt("%.*s", (int)n, e->goroot);

	return name != NULL && has_prefix(name, "/go1.") &&
	       ((wanted != NULL && strcmp(dir, wanted) == 0) ||
		       strcmp(dir, cache_dir_private(false)) == 0);
}
