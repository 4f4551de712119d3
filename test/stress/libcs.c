// SPDX-License-Identifier: BSD-3-Clause
// Stress: the unwinder and its module list in programs of each libc, static or dynamic, where
// _dl_find_object, a list of objects, the vDSO in it, or a sorted table may be missing. Prints TAP.
// usage: libcs NAME [PLUGIN.so]

#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>

#include "module.h"
#include "unwinder.h"

#define PCS 64
#define DEEP 12

// Stops in our own code, because musl has no unwind information for raise.
#if defined(__x86_64__)
#	define STOP() __asm__("int3")
#else
#	define STOP() raise(SIGTRAP)
#endif

static uintptr_t pcs[PCS];
static size_t n;
static bool good = true;

static void
check(bool ok, const char *what)
{
	if (!ok) {
		good = false;
		printf("# wrong: %s\n", what);
	}
}

static void
on_signal(int sig, siginfo_t *info, void *ucontext)
{
	(void)sig, (void)info;
	n = rcgo__unwind_from_handler(ucontext, NULL, pcs, PCS);
}

static int
work(int m)
{
	STOP();
	return m;
}

__attribute__((noinline)) static int
deep(int m, int (*f)(int))
{
	int r = m == 0 ? f(1) : deep(m - 1, f);

	__asm__("" : "+r"(r));
	return r + 1;
}

// Returns the number of frames in the object that contains address.
static size_t
frames_in(uintptr_t address)
{
	struct rcgo_module m;
	size_t count = 0;

	if (!rcgo__module_find(address, &m)) {
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		count += pcs[i] - m.start < m.end - m.start;
	}
	return count;
}

static void
check_module(uintptr_t address, const char *what)
{
	struct rcgo_module m;
	char path[4096];

	check(rcgo__module_find(address, &m) && m.key != 0, what);
	check(m.start == 0 || rcgo__module_name(&m, path, sizeof path), "has a name");
}

// A library that was loaded after the list was made.
static void
check_plugin(const char *path)
{
	int (*plugin_deep)(int, int (*)(int));
	void *library = dlopen(path, RTLD_NOW);

	if (library == NULL) {
		printf("# %s\n", dlerror());
		good = false;
		return;
	}
	*(void **)&plugin_deep = dlsym(library, "plugin_deep");
	plugin_deep(DEEP, work);
	printf("# %zu frames in the library\n", frames_in((uintptr_t)plugin_deep));
	check(frames_in((uintptr_t)plugin_deep) >= 3, "the frames of the library");
	check(frames_in((uintptr_t)&check_plugin) >= 3, "the frames that called it");
	check_module((uintptr_t)plugin_deep, "the library");
	dlclose(library);
}

int
main(int argc, char **argv)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO};
	uintptr_t vdso = getauxval(AT_SYSINFO_EHDR);

	rcgo__modules_init();
	action.sa_sigaction = on_signal;
	sigaction(SIGTRAP, &action, NULL);
	check_module((uintptr_t)&main, "the program");
	check_module((uintptr_t)&printf, "libc");
	if (vdso != 0) {
		check_module(vdso + 0x100, "the vDSO");
	}
	deep(DEEP, work);
	check(frames_in((uintptr_t)&main) >= DEEP + 2, "each frame of the program");
	for (size_t i = 0; i < n; i++) {
		printf("# frame %zu: %lx\n", i, (unsigned long)(pcs[i] - (uintptr_t)&main));
	}
	if (argc > 2) {
		check_plugin(argv[2]);
	}
	printf("%sok - walk: %s\n", good ? "" : "not ", argc > 1 ? argv[1] : "libc");
	return good ? 0 : 1;
}
