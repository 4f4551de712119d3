// SPDX-License-Identifier: BSD-3-Clause
// Loading orders: orders HOW LIBRARY [LIBRARY]. Loads Go in one of these ways, and calls it.
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // dlmopen, RTLD_DEEPBIND
#endif
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK(x)                                                       \
	do {                                                           \
		if (!(x)) {                                            \
			printf("failed: line %d: %s\n", __LINE__, #x); \
			_exit(1);                                      \
		}                                                      \
	} while (0)

static volatile sig_atomic_t came;

static void
handler(int sig)
{
	(void)sig;
	came++;
}

static void *
function(void *lib, const char *name)
{
	void *fn = dlsym(lib, name);

	CHECK(fn != NULL);
	return fn;
}

static int
twice(int i)
{
	return 2 * i;
}

static void
use(void *lib)
{
	int (*add)(int, int), (*work)(void), (*fault)(void), (*back)(int (*)(int), int);

	CHECK(lib != NULL);
	*(void **)&add = function(lib, "golib_add");
	*(void **)&work = function(lib, "golib_work");
	*(void **)&fault = function(lib, "golib_fault");
	*(void **)&back = function(lib, "golib_back");
	CHECK(add(2, 3) == 5);
	CHECK(work() == 1);
	CHECK(fault() == 1);
	CHECK(back(twice, 4) == 12);
}

static void *
use_on_thread(void *lib)
{
	use(lib);
	return NULL;
}

static void
use_everywhere(void *lib)
{
	pthread_t threads[4];

	use(lib);
	for (int i = 0; i < 4; i++) {
		CHECK(pthread_create(&threads[i], NULL, use_on_thread, lib) == 0);
	}
	for (int i = 0; i < 4; i++) {
		CHECK(pthread_join(threads[i], NULL) == 0);
	}
	CHECK(raise(SIGUSR2) == 0 && came == 1);
	came = 0;
}

static void *
load_on_thread(void *name)
{
	return dlopen(name, RTLD_NOW);
}

static void *
load(const char *how, char *name)
{
	pthread_t thread;
	void *lib;

	if (strcmp(how, "deepbind") == 0) {
		return dlopen(name, RTLD_NOW | RTLD_DEEPBIND);
	}
	if (strcmp(how, "global") == 0) {
		return dlopen(name, RTLD_LAZY | RTLD_GLOBAL);
	}
	if (strcmp(how, "namespace") == 0) {
		return dlmopen(LM_ID_NEWLM, name, RTLD_NOW);
	}
	if (strcmp(how, "thread") == 0) {
		CHECK(pthread_create(&thread, NULL, load_on_thread, name) == 0);
		CHECK(pthread_join(thread, &lib) == 0);
		return lib;
	}
	return dlopen(name, RTLD_NOW | RTLD_LOCAL);
}

int
main(int argc, char **argv)
{
	struct sigaction act = {.sa_handler = handler};
	void *lib;

	CHECK(argc >= 3);
	CHECK(sigaction(SIGUSR2, &act, NULL) == 0);
	lib = load(argv[1], argv[2]);
	if (lib == NULL) {
		printf("failed: %s\n", dlerror());
		return 1;
	}
	use_everywhere(lib);
	if (strcmp(argv[1], "close") == 0) {
		// Go libraries cannot be unloaded.
		CHECK(dlclose(lib) == 0);
		lib = load("local", argv[2]);
		use_everywhere(lib);
	}
	if (argc == 4) {
		void *second = load("local", argv[3]);

		use_everywhere(second);
		use_everywhere(lib);
	}
	puts("ok");
	return 0;
}
