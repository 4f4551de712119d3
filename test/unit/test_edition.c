// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: objects that take each other's place while a profile is taken.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <dlfcn.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rcgo_edition.h"
#include "unit.h"

#define SPACE ((size_t)64 << 20)

static uintptr_t place;

// Maps the file of the object that has symbol where the last one was.
static void
map_there(const char *library, const char *symbol)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	Dl_info info;
	struct stat st;
	int fd;

	if (handle == NULL) {
		unit_skip("%s", dlerror());
	}
	CHECK(dladdr(dlsym(handle, symbol), &info) != 0);
	fd = open(info.dli_fname, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0 && fstat(fd, &st) == 0);
	if (place == 0) {
		place = (uintptr_t)mmap(NULL, SPACE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	} else {
		CHECK(mmap((void *)place, SPACE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			      -1, 0) == (void *)place);
	}
	CHECK((size_t)st.st_size < SPACE);
	CHECK(mmap((void *)place, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) ==
		(void *)place);
	close(fd);
	usleep(30 * 1000); // the kernel is asked once in 10 ms
}

static bool
ends_with(const char *path, const char *name)
{
	const char *at = strstr(path, name);

	return at != NULL && strchr(at, '/') == NULL;
}

TEST(each_keeps_its_name)
{
	uintptr_t pcs[4], first, second;
	const struct rcgo_edition *e;
	int local;

	map_there("libnss_compat.so.2", "_nss_compat_setpwent");
	pcs[0] = first = place + 0x1000;
	pcs[1] = (uintptr_t)&local; // in no object
	pcs[2] = first + 1;
	rcgo__editions_mark(pcs, 3);
	CHECK_INT(pcs[0], first);
	CHECK_INT(pcs[1], (uintptr_t)&local);
	CHECK_INT(pcs[2], first + 1);

	map_there("libnss_hesiod.so.2", "_nss_hesiod_setpwent");
	pcs[0] = place + 0x1000;
	rcgo__editions_mark(pcs, 1);
	second = pcs[0];
	CHECK(second != first);
	rcgo__editions_mark(pcs, 1);

	// Go asks later. What has no number is the first one's, though it is gone.
	first = rcgo__edition_ask(first);
	e = rcgo__edition_take(&first);
	CHECK_INT(first, place + 0x1000);
	CHECK(e != NULL && ends_with(e->path, "libnss_compat.so.2"));
	CHECK(e->size > 0);
	CHECK_INT(rcgo__edition_ask(second), second);
	e = rcgo__edition_take(&second);
	CHECK_INT(second, place + 0x1000);
	CHECK(e != NULL && ends_with(e->path, "libnss_hesiod.so.2"));

	// The first comes again.
	map_there("libnss_compat.so.2", "_nss_compat_setpwent");
	pcs[0] = place + 0x1000;
	rcgo__editions_mark(pcs, 1);
	CHECK_INT(pcs[0], place + 0x1000);

	// In a crash an address is what is mapped there.
	rcgo__editions_end();
	first = rcgo__edition_ask(place + 0x1000);
	CHECK_INT(first, place + 0x1000);
	CHECK(rcgo__edition_take(&first) == NULL);
}

TEST(what_was_never_seen_is_no_edition)
{
	uintptr_t pc = place + 0x1000, number = (uintptr_t)5 << 56;
	const struct rcgo_edition *e;

	CHECK_INT(rcgo__edition_ask(pc), pc);
	CHECK(rcgo__edition_take(&pc) == NULL);
	pc |= number;
	e = rcgo__edition_take(&pc);
	CHECK(e != NULL && e->path[0] == 0);
	CHECK_INT(pc, place + 0x1000);
}

UNIT_MAIN(UNIT_TEST(each_keeps_its_name), UNIT_TEST(what_was_never_seen_is_no_edition))
