// SPDX-License-Identifier: BSD-3-Clause
// Base: functions of other objects, found without the dynamic loader.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // RTLD_NEXT
#endif

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "symbol_lookup.h"
#include "unit.h"

#define ENTRIES 128

static const char *const names[] = {"sigaction", "sigprocmask", "pthread_sigmask", "sigaltstack",
	"pthread_attr_setsigmask_np", "__cxa_thread_atexit_impl", "getpid", "fork"};

TEST(finds_what_dlsym_finds)
{
	for (size_t i = 0; i < UNIT_COUNTOF(names); i++) {
		CHECK(rcgo__lookup_first(names[i]) == dlsym(RTLD_DEFAULT, names[i]));
	}
	CHECK(rcgo__lookup_first("rcgo no such function") == NULL);
	CHECK(rcgo__lookup_first("") == NULL);
}

// The test program defines functions with these names.
TEST(passes_its_own_object)
{
	CHECK(rcgo__lookup_first("sigprocmask") == dlsym(RTLD_DEFAULT, "sigprocmask"));
	CHECK(rcgo__lookup_next("sigprocmask") == dlsym(RTLD_NEXT, "sigprocmask"));
	CHECK(rcgo__lookup_next("pthread_sigmask") == dlsym(RTLD_NEXT, "pthread_sigmask"));
	CHECK(rcgo__lookup_next("sigprocmask") != rcgo__lookup_first("sigprocmask"));
	CHECK(rcgo__lookup_next("rcgo__lookup_next") == NULL);
}

TEST(keeps_errno)
{
	errno = 77;
	CHECK(rcgo__lookup_next("sigaltstack") != NULL);
	CHECK_INT(errno, 77);
}

static const struct link_map *
libc_map(void)
{
	struct link_map *map;
	void *handle = dlopen(NULL, RTLD_NOW);

	CHECK(handle != NULL);
	CHECK_INT(dlinfo(handle, RTLD_DI_LINKMAP, &map), 0);
	while (map != NULL && strstr(map->l_name, "/libc.") == NULL) {
		map = map->l_next;
	}
	if (map == NULL) {
		unit_skip("no libc in the list of objects");
	}
	return map;
}

// Copies libc's dynamic section without the entries of one kind. Returns whether there were any.
static bool
without(ElfW(Sxword) tag, ElfW(Dyn) * to)
{
	const ElfW(Dyn) *from = libc_map()->l_ld;
	bool had = false;
	size_t n = 0;

	for (; from->d_tag != DT_NULL; from++) {
		had = had || from->d_tag == tag;
		if (from->d_tag != tag) {
			CHECK(n < ENTRIES - 1);
			to[n++] = *from;
		}
	}
	to[n] = (ElfW(Dyn)){.d_tag = DT_NULL};
	return had;
}

static void *
in_libc(const ElfW(Dyn) * dynamic, const char *name)
{
	return rcgo__lookup_in((uintptr_t)libc_map()->l_addr, dynamic, name);
}

TEST(both_kinds_of_hash_table)
{
	static const ElfW(Sxword) tags[] = {DT_HASH, DT_GNU_HASH};
	ElfW(Dyn) dynamic[ENTRIES];
	bool both = without(DT_HASH, dynamic) && without(DT_GNU_HASH, dynamic);

	for (size_t i = 0; both && i < UNIT_COUNTOF(tags); i++) {
		without(tags[i], dynamic);
		for (size_t k = 0; k < UNIT_COUNTOF(names); k++) {
			CHECK(in_libc(dynamic, names[k]) == in_libc(libc_map()->l_ld, names[k]));
		}
		CHECK(in_libc(dynamic, "getpid") != NULL);
		CHECK(in_libc(dynamic, "rcgo no such function") == NULL);
	}
	if (!both) {
		unit_skip("this libc has one table only");
	}
}

// An IFUNC, which the object itself resolves when it is loaded, is no address to call; data is no
// function.
TEST(functions_only)
{
#if defined(__GLIBC__) && defined(__x86_64__)
	CHECK(in_libc(libc_map()->l_ld, "memcpy") == NULL);
#endif
	CHECK(in_libc(libc_map()->l_ld, "environ") == NULL);
	CHECK(in_libc(NULL, "getpid") == NULL);
}

static void *in_handler;

static void
handler(int sig)
{
	(void)sig;
	in_handler = rcgo__lookup_next("sigaltstack");
}

TEST(in_a_handler)
{
	CHECK(signal(SIGUSR1, handler) != SIG_ERR);
	CHECK_INT(raise(SIGUSR1), 0);
	CHECK(in_handler == dlsym(RTLD_NEXT, "sigaltstack"));
}

UNIT_MAIN(UNIT_TEST(finds_what_dlsym_finds), UNIT_TEST(passes_its_own_object),
	UNIT_TEST(keeps_errno), UNIT_TEST(both_kinds_of_hash_table), UNIT_TEST(functions_only),
	UNIT_TEST(in_a_handler))
