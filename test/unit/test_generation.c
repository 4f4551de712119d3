// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: objects that are mapped at each other's address while a profile is
// taken.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <dlfcn.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "module_generation.h"
#include "unit.h"

#define SPACE ((size_t)64 << 20)

static uintptr_t place;

// Maps the file of the object that defines symbol where the last one was.
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

// Returns an address in what is mapped there now, as a sample records it.
static uintptr_t
mark(void)
{
	uintptr_t pc = place + 0x1000;

	rcgo__generations_tag(&pc, 1);
	return pc;
}

static bool
ends_with(const char *path, const char *name)
{
	const char *at = strstr(path, name);

	return at != NULL && strchr(at, '/') == NULL;
}

// Returns what Go is told later about an address.
static void
check_name(uintptr_t pc, const char *name)
{
	const struct rcgo_module_generation *e;

	pc = rcgo__generation_resolve(pc);
	e = rcgo__generation_untag(&pc);
	CHECK_INT(pc, place + 0x1000);
	CHECK(e != NULL && ends_with(e->path, name));
	CHECK(e->size > 0);
}

TEST(each_keeps_its_name)
{
	uintptr_t pcs[3], early, late, second;
	int local;

	map_there("libnss_compat.so.2", "_nss_compat_setpwent");
	pcs[0] = place + 0x1000;
	pcs[1] = (uintptr_t)&local; // in no object
	pcs[2] = place + 0x1001;
	rcgo__generations_tag(pcs, 3);
	early = pcs[0];
	CHECK(early != place + 0x1000);
	CHECK(pcs[1] != (uintptr_t)&local);
	CHECK(rcgo__generation_is_jit(rcgo__generation_untag(&pcs[1])));
	CHECK_INT(pcs[1], (uintptr_t)&local);
	CHECK_INT(pcs[2], early + 1);
	CHECK_INT(mark(), early);

	// The result stays the same.
	usleep(1100 * 1000);
	late = mark();
	CHECK_INT(late, place + 0x1000);

	map_there("libnss_hesiod.so.2", "_nss_hesiod_setpwent");
	second = mark();
	CHECK(second != late && second != early);
	CHECK_INT(mark(), second);

	// Go asks later. An address without a generation number belongs to the first object, even
	// if that was unmapped.
	check_name(early, "libnss_compat.so.2");
	check_name(late, "libnss_compat.so.2");
	check_name(second, "libnss_hesiod.so.2");

	// The first object is mapped again. From now on neither object's results are cached.
	map_there("libnss_compat.so.2", "_nss_compat_setpwent");
	CHECK_INT(mark(), early);
	map_there("libnss_hesiod.so.2", "_nss_hesiod_setpwent");
	usleep(1100 * 1000);
	CHECK_INT(mark(), second);

	// In a crash report an address means what is mapped there now.
	rcgo__generations_stop();
	late = rcgo__generation_resolve(place + 0x1000);
	CHECK_INT(late, place + 0x1000);
	CHECK(rcgo__generation_untag(&late) == NULL);
}

TEST(an_unknown_generation_has_no_name)
{
	uintptr_t pc = place + 0x1000, number = (uintptr_t)5 << 56;
	const struct rcgo_module_generation *e;

	CHECK_INT(rcgo__generation_resolve(pc), pc);
	CHECK(rcgo__generation_untag(&pc) == NULL);
	pc |= number;
	e = rcgo__generation_untag(&pc);
	CHECK(e != NULL && e->path[0] == 0);
	CHECK_INT(pc, place + 0x1000);
}

UNIT_MAIN(UNIT_TEST(each_keeps_its_name), UNIT_TEST(an_unknown_generation_has_no_name))
