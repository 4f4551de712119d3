// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

package cheaptest

/*
#cgo CFLAGS: -D_GNU_SOURCE
#cgo LDFLAGS: -pthread -ldl
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

// Not inlined, so that each has a frame of its own.
#define SHAPE __attribute__((noinline))

struct way {
	struct way *next;
};

static struct way *
link_way(void *p, struct way *next)
{
	((struct way *)p)->next = next;
	return p;
}

static void
free_all(struct way *all)
{
	while (all != NULL) {
		struct way *next = all->next;

		free(all);
		all = next;
	}
}

// Ways to get and to give back memory. Each is a function of its own in the profile. They leave n
// blocks of size bytes each, in a list.

// Blocks that grow ten times.
SHAPE static struct way *
by_chain(size_t size, int n)
{
	struct way *all = NULL;

	for (int i = 0; i < n; i++) {
		void *p = NULL;

		for (size_t step = 1; step <= 10; step++) {
			p = realloc(p, size * step / 10);
		}
		all = link_way(p, all);
	}
	return all;
}

// realloc that frees: glibc frees a block whose new size is 0.
SHAPE static struct way *
by_emptied(size_t size, int n)
{
	struct way *all = NULL;

	for (int i = 0; i < n; i++) {
		void *p = malloc(size), *q;

		__asm__("" : "+r"(p));
		q = realloc(p, 0);
		free(q);
		all = link_way(malloc(size), all);
	}
	return all;
}

static void *
free_list(void *arg)
{
	free_all(arg);
	return NULL;
}

SHAPE static void
by_two_threads(size_t size, int n, struct way **all, struct way **other)
{
	for (int i = 0; i < n; i++) {
		*all = link_way(malloc(size), *all);
		*other = link_way(malloc(size), *other);
	}
}

// Blocks of which half are freed by another thread.
static struct way *
freed_by_another(size_t size, int n)
{
	struct way *all = NULL, *other = NULL;
	pthread_t thread;

	by_two_threads(size, n, &all, &other);
	if (pthread_create(&thread, NULL, free_list, other) == 0) {
		pthread_join(thread, NULL);
	}
	return all;
}

struct ending {
	size_t size;
	int n;
	struct way *all;
};

static pthread_key_t ending_key;

// The destructor of a thread's value.
SHAPE static void
by_ending_thread(void *arg)
{
	struct ending *ending = arg;

	for (int i = 0; i < ending->n; i++) {
		ending->all = link_way(malloc(ending->size), ending->all);
	}
}

static void *
ending_main(void *arg)
{
	pthread_setspecific(ending_key, arg);
	return NULL;
}

static struct way *
at_thread_end(size_t size, int n)
{
	struct ending ending = {size, n, NULL};
	pthread_t thread;

	pthread_key_create(&ending_key, by_ending_thread);
	if (pthread_create(&thread, NULL, ending_main, &ending) == 0) {
		pthread_join(thread, NULL);
	}
	pthread_key_delete(ending_key);
	return ending.all;
}

// Every other function that gives memory.
SHAPE static struct way *
by_kin(size_t size, int n)
{
	struct way *all = NULL;

	for (int i = 0; i < n; i++) {
		switch (i % 5) {
		case 0:
			all = link_way(aligned_alloc(32, size), all);
			break;
		case 1:
			all = link_way(reallocarray(NULL, 1, size), all);
			break;
		case 2: {
			char *text = malloc(size);

			memset(text, 'x', size);
			text[size - 1] = 0;
			all = link_way(strdup(text), all);
			free(text);
			break;
		}
		case 3:
			all = link_way(valloc(size), all);
			break;
		default:
			all = link_way(memalign(256, size), all);
		}
	}
	return all;
}

// A block of another process is none of ours.
SHAPE static struct way *
by_parent(size_t size, int n)
{
	struct way *all = NULL;

	for (int i = 0; i < n; i++) {
		all = link_way(malloc(size), all);
	}
	for (int i = 0; i < 5; i++) {
		int status = 1;
		pid_t pid = fork();

		if (pid == 0) {
			free_all(all);
			for (int k = 0; k < 100; k++) {
				all = link_way(malloc(size), NULL);
			}
			execl("/bin/true", "true", NULL);
			_exit(1);
		}
		if (waitpid(pid, &status, 0) != pid || status != 0) {
			return NULL;
		}
	}
	return all;
}

static struct way *
by_way(int way, size_t size, int n)
{
	switch (way) {
	case 0:
		return by_chain(size, n);
	case 1:
		return by_emptied(size, n);
	case 2:
		return freed_by_another(size, n);
	case 3:
		return at_thread_end(size, n);
	case 4:
		return by_kin(size, n);
	default:
		return by_parent(size, n);
	}
}

static int
open_self(void)
{
	static int fd = -1;

	if (fd < 0) {
		fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	}
	return fd;
}

// Not known to the compiler.
static size_t map_most = SIZE_MAX;

// The edges of mappings. Returns the number of the first that is wrong, or 0. mapped gives the bytes
// that are mapped, in the profile.
extern long cheaptestMapped(void);

static int
map_edges(void)
{
	const int both = PROT_READ | PROT_WRITE, own = MAP_PRIVATE | MAP_ANONYMOUS;
	long start = cheaptestMapped(), page = sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, 100, both, own, -1, 0);

	if (cheaptestMapped() - start != page) {
		return 1;
	}
	munmap(p, 1);
	if (cheaptestMapped() != start) {
		return 2;
	}
	p = mmap(NULL, 64 * page, both, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (cheaptestMapped() - start != 64 * page) {
		return 3;
	}
	munmap(p, 64 * page);
	// Reserved memory is none until it is made usable, in parts.
	p = mmap(NULL, 64 * page, PROT_NONE, own | MAP_NORESERVE, -1, 0);
	if (cheaptestMapped() != start) {
		return 4;
	}
	for (int i = 0; i < 8; i++) {
		mprotect(p + i * page, page, both);
		mprotect(p + i * page, page, PROT_READ);
	}
	if (cheaptestMapped() - start != 8 * page) {
		return 5;
	}
	mprotect(p, 16 * page, both);
	mmap(p + 20 * page, 2 * page, both, own | MAP_FIXED, -1, 0);
	if (cheaptestMapped() - start != 18 * page) {
		return 6;
	}
	// Given back, but kept reserved.
	mmap(p, 4 * page, PROT_NONE, own | MAP_FIXED | MAP_NORESERVE, -1, 0);
	if (cheaptestMapped() - start != 14 * page) {
		return 7;
	}
	munmap(p, 64 * page);
	if (cheaptestMapped() != start) {
		return 8;
	}
	// A file is no memory, and takes the place of memory.
	p = mmap(NULL, 4 * page, both, own, -1, 0);
	mmap(p, page, PROT_READ, MAP_PRIVATE | MAP_FIXED, open_self(), 0);
	if (cheaptestMapped() - start != 3 * page) {
		return 9;
	}
	p = mremap(p + page, 3 * page, page, 0);
	if (cheaptestMapped() - start != page) {
		return 10;
	}
	munmap(p - page, 2 * page);
	// 1 TiB that is only reserved, and a size that cannot be.
	p = mmap(NULL, (size_t)1 << 40, PROT_NONE, own | MAP_NORESERVE, -1, 0);
	if (p != MAP_FAILED) {
		munmap(p, (size_t)1 << 40);
	}
	mmap(NULL, map_most, both, own, -1, 0);
	return cheaptestMapped() == start ? 0 : 11;
}

// A function of a library allocates n blocks. The library is unloaded then.
static struct way *
from_library(const char *path, const char *function, size_t size, int n)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL), *p;
	struct way *all = NULL;

	if (library == NULL) {
		return NULL;
	}
	p = dlsym(library, function);
	for (int i = 0; i < n && p != NULL; i++) {
		all = link_way(((void *(*)(size_t))p)(size), all);
	}
	dlclose(library);
	return all;
}
*/
import "C"

import "unsafe"

// Ways are the C functions that By calls. Each leaves n blocks. Made is how many blocks and bytes each of
// them allocates for one that it leaves.
var Ways = []struct {
	Name        string
	Made, Bytes float64
}{
	{"by_chain", 10, 5.5}, {"by_emptied", 2, 2}, {"by_two_threads", 2, 2}, {"by_ending_thread", 1, 1},
	{"by_kin", 1.2, 1.2}, {"by_parent", 1, 1},
}

// By leaves n blocks of so many bytes each.
//
//go:noinline
func By(way, size, n int) unsafe.Pointer {
	return unsafe.Pointer(C.by_way(C.int(way), C.size_t(size), C.int(n)))
}

// Mapped gives the bytes that are mapped, for MapEdges.
var Mapped func() int64

//export cheaptestMapped
func cheaptestMapped() C.long { return C.long(Mapped()) }

// MapEdges checks the borders of mappings; 0 is right.
func MapEdges() int { return int(C.map_edges()) }

// FromLibrary lets a function of a library allocate n blocks, and unloads the library.
//
//go:noinline
func FromLibrary(path, function string, size, n int) unsafe.Pointer {
	p, f := C.CString(path), C.CString(function)
	defer C.free(unsafe.Pointer(p))
	defer C.free(unsafe.Pointer(f))
	return unsafe.Pointer(C.from_library(p, f, C.size_t(size), C.int(n)))
}
