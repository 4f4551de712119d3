// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: injected faults. See inject.h. Long because: it wraps many libc functions.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include "inject.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

struct inject inject_pthread_create;
struct inject inject_pthread_getattr_np;
struct inject inject_pthread_key_create;
struct inject inject_malloc;
struct inject inject_mmap;
struct inject inject_madvise;
struct inject inject_sigaction;
struct inject inject_open;
struct inject inject_read;
struct inject inject_write;
size_t inject_chunk;
int inject_open_flags;
int inject_sa_flags;
const char *inject_root;
struct inject_clock inject_clock;
void *inject_allocated;
unsigned inject_freed;
void (*inject_in_pthread_create)(void);
void (*inject_in_unsetenv)(void), (*inject_in_setenv)(const char *name);

void
inject_arm(struct inject *i, unsigned first, unsigned count, int err)
{
	*i = (struct inject){.first = first, .count = count, .err = err};
}

static bool
hit(struct inject *i)
{
	unsigned call = __atomic_fetch_add(&i->calls, 1, __ATOMIC_RELAXED);

	return call >= i->first && call - i->first < i->count;
}

static size_t
chunk(size_t n)
{
	return inject_chunk != 0 && n > inject_chunk ? inject_chunk : n;
}

// The linker provides the names: __real_X is libc's X, and callers of X reach __wrap_X.
#define WRAP(result, name, params, ...) \
	result __real_##name params;    \
	result __wrap_##name params;    \
	result __wrap_##name params __VA_ARGS__

WRAP(int, unsetenv, (const char *name), {
	if (inject_in_unsetenv != NULL) {
		inject_in_unsetenv();
	}
	return __real_unsetenv(name);
})

WRAP(int, setenv, (const char *name, const char *value, int overwrite), {
	if (inject_in_setenv != NULL) {
		inject_in_setenv(name);
	}
	return __real_setenv(name, value, overwrite);
})

WRAP(int, pthread_create,
	(pthread_t * t, const pthread_attr_t *attr, void *(*f)(void *), void *arg), {
		if (inject_in_pthread_create != NULL) {
			inject_in_pthread_create();
		}
		return hit(&inject_pthread_create) ? inject_pthread_create.err
						   : __real_pthread_create(t, attr, f, arg);
	})

WRAP(int, pthread_getattr_np, (pthread_t t, pthread_attr_t *attr), {
	if (hit(&inject_pthread_getattr_np)) {
		// After a failure its results are undefined and must not be used.
		memset(attr, 0x5a, sizeof *attr);
		return inject_pthread_getattr_np.err;
	}
	return __real_pthread_getattr_np(t, attr);
})

WRAP(int, pthread_key_create, (pthread_key_t * key, void (*destructor)(void *)), {
	return hit(&inject_pthread_key_create) ? inject_pthread_key_create.err
					       : __real_pthread_key_create(key, destructor);
})

WRAP(void *, malloc, (size_t n), {
	void *p = hit(&inject_malloc) ? NULL : __real_malloc(n);

	if (p == NULL) {
		errno = ENOMEM;
	}
	__atomic_store_n(&inject_allocated, p, __ATOMIC_RELAXED);
	return p;
})

WRAP(void, free, (void *p), {
	if (p != NULL && p == __atomic_load_n(&inject_allocated, __ATOMIC_RELAXED)) {
		__atomic_fetch_add(&inject_freed, 1, __ATOMIC_RELEASE);
	}
	__real_free(p);
})

WRAP(void *, mmap, (void *addr, size_t n, int prot, int flags, int fd, off_t offset), {
	if (hit(&inject_mmap)) {
		errno = inject_mmap.err;
		return MAP_FAILED;
	}
	return __real_mmap(addr, n, prot, flags, fd, offset);
})

WRAP(int, madvise, (void *addr, size_t n, int advice), {
	if (hit(&inject_madvise)) {
		errno = inject_madvise.err;
		return -1;
	}
	return __real_madvise(addr, n, advice);
})

void *__real_rcgo__lookup_next(const char *name);

// Skips our own function, which is linked into the test too.
static int
libc_sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	static void *cached; // dlsym locks, and the tests call this in handlers
	void *found = __atomic_load_n(&cached, __ATOMIC_ACQUIRE);
	int (*fn)(int, const struct sigaction *, struct sigaction *);

	if (found == NULL) {
		found = dlsym(RTLD_NEXT, "sigaction");
		__atomic_store_n(&cached, found, __ATOMIC_RELEASE);
	}
	memcpy(&fn, &found, sizeof fn);
	return fn(sig, act, old);
}

WRAP(int, sigaction, (int sig, const struct sigaction *act, struct sigaction *old), {
	if (act != NULL) {
		__atomic_store_n(&inject_sa_flags, act->sa_flags, __ATOMIC_RELAXED);
	}
	if (hit(&inject_sigaction)) {
		errno = inject_sigaction.err;
		return -1;
	}
	return libc_sigaction(sig, act, old);
})

// The code under test looks up libc's sigaction, because it defines a sigaction itself.
WRAP(void *, rcgo__lookup_next, (const char *name), {
	if (strcmp(name, "sigaction") == 0) {
		int (*ours)(int, const struct sigaction *, struct sigaction *) = __wrap_sigaction;
		void *found;

		memcpy(&found, &ours, sizeof found);
		return found;
	}
	return __real_rcgo__lookup_next(name);
})

WRAP(ssize_t, read, (int fd, void *buf, size_t n), {
	if (hit(&inject_read)) {
		errno = inject_read.err;
		return -1;
	}
	return __real_read(fd, buf, chunk(n));
})

WRAP(ssize_t, write, (int fd, const void *buf, size_t n), {
	if (hit(&inject_write)) {
		errno = inject_write.err;
		return -1;
	}
	return __real_write(fd, buf, chunk(n));
})

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int
__wrap_open(const char *path, int flags, ...)
{
	char below[PATH_MAX];
	mode_t mode = 0;
	va_list args;

	va_start(args, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
	va_end(args);
	__atomic_store_n(&inject_open_flags, flags, __ATOMIC_RELAXED);
	if (hit(&inject_open)) {
		errno = inject_open.err;
		return -1;
	}
	if (inject_root != NULL &&
		(strncmp(path, "/proc", 5) == 0 || strncmp(path, "/sys", 4) == 0 ||
			strncmp(path, "/usr/lib/debug/", 15) == 0)) {
		snprintf(below, sizeof below, "%s%s", inject_root, path);
		path = below;
	}
	return __real_open(path, flags, mode);
}

// Only sleeps of the code under test: the tests sleep by clock_nanosleep.
WRAP(int, nanosleep, (const struct timespec *want, struct timespec *rest), {
	long long ns = want->tv_sec * 1000000000LL + want->tv_nsec;
	long long slept = inject_clock.interrupted && ns > 1000000 ? 1000000 : ns;

	if (!inject_clock.on) {
		return __real_nanosleep(want, rest);
	}
	inject_clock.sleeps++;
	inject_clock.asked_ns += ns;
	inject_clock.now_ns += slept;
	if (inject_clock.in_sleep != NULL) {
		inject_clock.in_sleep();
	}
	if (rest != NULL) {
		*rest = (struct timespec){
			.tv_sec = (ns - slept) / 1000000000, .tv_nsec = (ns - slept) % 1000000000};
	}
	if (slept < ns) {
		errno = EINTR;
		return -1;
	}
	return 0;
})

WRAP(int, clock_gettime, (clockid_t id, struct timespec *ts), {
	if (!inject_clock.on || id == CLOCK_BOOTTIME) {
		return __real_clock_gettime(id, ts);
	}
	ts->tv_sec = 1000 + inject_clock.now_ns / 1000000000;
	ts->tv_nsec = inject_clock.now_ns % 1000000000;
	return 0;
})

void
inject_root_make(void)
{
	static char path[PATH_MAX];
	const char *tmp = getenv("TMPDIR");

	// Uses a file system in memory if there is one, because the files are many and small.
	strcpy(path, "/dev/shm/unit.XXXXXX");
	if (tmp != NULL || mkdtemp(path) == NULL) {
		snprintf(path, sizeof path, "%s/unit.XXXXXX", tmp != NULL ? tmp : "/tmp");
		CHECK(mkdtemp(path) != NULL);
	}
	inject_root = path;
}

void
inject_file(const char *path, const char *text)
{
	char full[2 * PATH_MAX];
	int saved = errno;
	FILE *f;

	snprintf(full, sizeof full, "%s%s", inject_root, path);
	for (char *p = full + strlen(inject_root) + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = 0;
		mkdir(full, 0777);
		*p = '/';
	}
	f = fopen(full, "we");
	CHECK(f != NULL);
	CHECK(fputs(text, f) >= 0);
	CHECK_INT(fclose(f), 0);
	errno = saved;
}

static int
remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void
inject_root_remove(void)
{
	CHECK_INT(nftw(inject_root, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
	inject_root = NULL;
}
