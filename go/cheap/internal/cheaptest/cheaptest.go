// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

// Package cheaptest has the C code for the tests of package cheap: Go does not allow C in test files.
package cheaptest

/*
#cgo CFLAGS: -D_GNU_SOURCE
#cgo LDFLAGS: -pthread -ldl
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern void cheaptestCalled(uintptr_t arg);

// Not inlined, so that each has a frame of its own.
#define NOINLINE __attribute__((noinline))

struct block {
	struct block *next;
};

static struct block *
link_block(void *p, struct block *next)
{
	((struct block *)p)->next = next;
	return p;
}

NOINLINE static struct block *
by_malloc(struct block *all, size_t size)
{
	return link_block(malloc(size), all);
}

NOINLINE static struct block *
by_calloc(struct block *all, size_t size)
{
	return link_block(calloc(1, size), all);
}

NOINLINE static struct block *
by_realloc(struct block *all, size_t size)
{
	return link_block(realloc(malloc(size / 2), size), all);
}

NOINLINE static struct block *
by_aligned(struct block *all, size_t size)
{
	void *p = NULL;

	return posix_memalign(&p, 64, size) == 0 ? link_block(p, all) : all;
}

static struct block *
allocate(int kind, size_t size, int n)
{
	struct block *all = NULL;

	for (int i = 0; i < n; i++) {
		all = kind == 0 ? by_malloc(all, size)
		      : kind == 1 ? by_calloc(all, size)
		      : kind == 2 ? by_realloc(all, size)
				  : by_aligned(all, size);
	}
	return all;
}

static void
release(struct block *all)
{
	while (all != NULL) {
		struct block *next = all->next;

		free(all);
		all = next;
	}
}

static void
call_go(uintptr_t arg)
{
	cheaptestCalled(arg);
}

static void *
thread_main(void *arg)
{
	return allocate(0, (size_t)arg, 10);
}

static struct block *
on_thread(size_t size)
{
	pthread_t thread;
	void *all = NULL;

	if (pthread_create(&thread, NULL, thread_main, (void *)size) == 0) {
		pthread_join(thread, &all);
	}
	return all;
}

// The compiler does not know this value.
static size_t size_most = SIZE_MAX;

// The limits of the functions' contracts. Returns 0 on success.
static int
edges(void)
{
	char *p, *q;

	__asm__("" : "+m"(size_most));

	errno = 0;
	if (calloc(size_most / 2, 4) != NULL || errno != ENOMEM) {
		return 1;
	}
	errno = 0;
	if (reallocarray(NULL, size_most / 2, 4) != NULL || errno != ENOMEM) {
		return 2;
	}
	errno = 0;
	if (malloc(size_most - 100) != NULL || errno != ENOMEM) {
		return 3;
	}
	p = malloc(100);
	memset(p, 7, 100);
	// A failed realloc keeps the block.
	if (realloc(p, size_most - 100) != NULL || p[99] != 7) {
		return 4;
	}
	q = realloc(p, 200);
	if (q == NULL || q[99] != 7) {
		return 5;
	}
	errno = 77;
	free(q);
	if (errno != 77) {
		return 6;
	}
	free(NULL);
	p = calloc(100, 10);
	for (int i = 0; i < 1000; i++) {
		if (p[i] != 0) {
			return 7;
		}
	}
	free(p);
	if (posix_memalign((void **)&p, 3, 10) != EINVAL) {
		return 8;
	}
	p = aligned_alloc(4096, 8192);
	if (p == NULL || (uintptr_t)p % 4096 != 0) {
		return 9;
	}
	free(p);
	p = malloc(0);
	free(p);
	return 0;
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

static void *
map_pages(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void *
remap_pages(void *p, size_t size, size_t wanted)
{
	p = mremap(p, size, wanted, MREMAP_MAYMOVE);
	return p == MAP_FAILED ? NULL : p;
}

static int
unmap_pages(void *p, size_t size)
{
	return munmap(p, size);
}

// Allocates in n forked children while threads allocate. Returns how many succeeded, within 10 s each.
static int stop_storm;

static void *
storm_thread(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;
	void *own[64] = {0};

	while (!__atomic_load_n(&stop_storm, __ATOMIC_RELAXED)) {
		unsigned at = rand_r(&seed) % 64;

		free(own[at]);
		own[at] = malloc(1 + rand_r(&seed) % 5000);
	}
	for (int i = 0; i < 64; i++) {
		free(own[i]);
	}
	return NULL;
}

static int
forks_in_storm(int n)
{
	pthread_t thread[3];
	int good = 0;

	stop_storm = 0;
	for (int i = 0; i < 3; i++) {
		pthread_create(&thread[i], NULL, storm_thread, (void *)(uintptr_t)(i + 1));
	}
	for (int i = 0; i < n; i++) {
		int status = 1;
		pid_t pid = fork();

		if (pid == 0) {
			alarm(10);
			signal(SIGALRM, SIG_DFL);
			for (int k = 0; k < 1000; k++) {
				free(malloc(100 + k));
			}
			_exit(0);
		}
		good += waitpid(pid, &status, 0) == pid && status == 0;
	}
	__atomic_store_n(&stop_storm, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 3; i++) {
		pthread_join(thread[i], NULL);
	}
	return good;
}

// Allocates and frees in a handler that interrupts threads which do the same. A block of the handler is freed by
// another call of it, on any thread.
static void *handler_block[8];
static unsigned handler_calls;

// malloc in a handler needs a thread that does not hold libc's lock: this thread uses an allocator of its own, which
// calls mmap.
static void
mapping_handler(int sig)
{
	int saved = errno;
	unsigned at = __atomic_fetch_add(&handler_calls, 1, __ATOMIC_RELAXED) % 8;
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)sig;
	p = __atomic_exchange_n(&handler_block[at], p, __ATOMIC_ACQ_REL);
	if (p != NULL) {
		munmap(p, 4096);
	}
	errno = saved;
}

static unsigned
signals_in_storm(unsigned ms)
{
	struct sigaction act = {.sa_handler = mapping_handler, .sa_flags = SA_ONSTACK | SA_RESTART};
	struct sigaction was;
	pthread_t thread[2];

	sigaction(SIGUSR2, &act, &was);
	stop_storm = 0;
	for (int i = 0; i < 2; i++) {
		pthread_create(&thread[i], NULL, storm_thread, (void *)(uintptr_t)(i + 1));
	}
	for (unsigned i = 0; i < 20 * ms; i++) {
		pthread_kill(thread[i % 2], SIGUSR2);
		usleep(50);
	}
	__atomic_store_n(&stop_storm, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 2; i++) {
		pthread_join(thread[i], NULL);
	}
	sigaction(SIGUSR2, &was, NULL);
	for (int i = 0; i < 8; i++) {
		if (handler_block[i] != NULL) {
			munmap(handler_block[i], 4096);
			handler_block[i] = NULL;
		}
	}
	return handler_calls;
}

static void
short_threads(int n)
{
	for (int i = 0; i < n; i++) {
		release(on_thread(100));
	}
}

// Ways to get and to give back memory. Each is a function of its own in the profile. They leave n
// blocks of size bytes each, in a list.

// Blocks that grow ten times.
SHAPE static struct block *
by_chain(size_t size, int n)
{
	struct block *all = NULL;

	for (int i = 0; i < n; i++) {
		void *p = NULL;

		for (size_t step = 1; step <= 10; step++) {
			p = realloc(p, size * step / 10);
		}
		all = link_block(p, all);
	}
	return all;
}

// realloc that frees: glibc frees a block whose new size is 0.
SHAPE static struct block *
by_emptied(size_t size, int n)
{
	struct block *all = NULL;

	for (int i = 0; i < n; i++) {
		void *p = malloc(size), *q;

		__asm__("" : "+r"(p));
		q = realloc(p, 0);
		free(q);
		all = link_block(malloc(size), all);
	}
	return all;
}

static void *
free_list(void *arg)
{
	release(arg);
	return NULL;
}

SHAPE static void
by_two_threads(size_t size, int n, struct block **all, struct block **other)
{
	for (int i = 0; i < n; i++) {
		*all = link_block(malloc(size), *all);
		*other = link_block(malloc(size), *other);
	}
}

// Blocks of which half are freed by another thread.
static struct block *
freed_by_another(size_t size, int n)
{
	struct block *all = NULL, *other = NULL;
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
	struct block *all;
};

static pthread_key_t ending_key;

// The destructor of a thread's value.
SHAPE static void
by_ending_thread(void *arg)
{
	struct ending *ending = arg;

	for (int i = 0; i < ending->n; i++) {
		ending->all = link_block(malloc(ending->size), ending->all);
	}
}

static void *
ending_main(void *arg)
{
	pthread_setspecific(ending_key, arg);
	return NULL;
}

static struct block *
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
SHAPE static struct block *
by_kin(size_t size, int n)
{
	struct block *all = NULL;

	for (int i = 0; i < n; i++) {
		switch (i % 5) {
		case 0:
			all = link_block(aligned_alloc(32, size), all);
			break;
		case 1:
			all = link_block(reallocarray(NULL, 1, size), all);
			break;
		case 2: {
			char *text = malloc(size);

			memset(text, 'x', size);
			text[size - 1] = 0;
			all = link_block(strdup(text), all);
			free(text);
			break;
		}
		case 3:
			all = link_block(valloc(size), all);
			break;
		default:
			all = link_block(memalign(256, size), all);
		}
	}
	return all;
}

// A block of another process is none of ours.
SHAPE static struct block *
by_parent(size_t size, int n)
{
	struct block *all = NULL;

	for (int i = 0; i < n; i++) {
		all = link_block(malloc(size), all);
	}
	for (int i = 0; i < 5; i++) {
		int status = 1;
		pid_t pid = fork();

		if (pid == 0) {
			release(all);
			for (int k = 0; k < 100; k++) {
				all = link_block(malloc(size), NULL);
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

static struct block *
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
	mmap(NULL, size_most, both, own, -1, 0);
	return cheaptestMapped() == start ? 0 : 11;
}

// A function of a library allocates n blocks. The library is unloaded then.
static struct block *
from_library(const char *path, const char *function, size_t size, int n)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL), *p;
	struct block *all = NULL;

	if (library == NULL) {
		return NULL;
	}
	p = dlsym(library, function);
	for (int i = 0; i < n && p != NULL; i++) {
		all = link_block(((void *(*)(size_t))p)(size), all);
	}
	dlclose(library);
	return all;
}

static void
pairs(long n)
{
	for (long i = 0; i < n; i++) {
		void *p = malloc(100);

		__asm__("" : : "r"(p) : "memory");
		free(p);
	}
}
*/
import "C"

import "unsafe"

// Kinds of allocations.
const (
	Malloc = iota
	Calloc
	Realloc
	Aligned
)

// Names of the C functions that make them.
var Names = []string{"by_malloc", "by_calloc", "by_realloc", "by_aligned"}

// Allocate allocates n blocks.
//
//go:noinline
func Allocate(kind, size, n int) unsafe.Pointer {
	return unsafe.Pointer(C.allocate(C.int(kind), C.size_t(size), C.int(n)))
}

// Release frees memory from Allocate or OnThread.
func Release(p unsafe.Pointer) { C.release((*C.struct_block)(p)) }

// OnThread allocates 10 blocks on a C thread.
func OnThread(size int) unsafe.Pointer { return unsafe.Pointer(C.on_thread(C.size_t(size))) }

var callback func()

//export cheaptestCalled
func cheaptestCalled(arg C.uintptr_t) { callback() }

// InCallback calls f through C.
//
//go:noinline
func InCallback(f func()) {
	was := callback
	callback = f
	C.call_go(0)
	callback = was
}

// Edges checks the limits of the functions' contracts; 0 means success.
func Edges() int { return int(C.edges()) }

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

// Map maps pages; nil on failure.
func Map(size int) unsafe.Pointer { return C.map_pages(C.size_t(size)) }

// Remap changes the size of a mapping.
func Remap(p unsafe.Pointer, size, wanted int) unsafe.Pointer {
	return C.remap_pages(p, C.size_t(size), C.size_t(wanted))
}

// Unmap unmaps pages.
func Unmap(p unsafe.Pointer, size int) bool { return C.unmap_pages(p, C.size_t(size)) == 0 }

// ForksInStorm forks n children while threads allocate, and returns how many could allocate.
func ForksInStorm(n int) int { return int(C.forks_in_storm(C.int(n))) }

// SignalsInStorm sends signals to allocating threads for at least ms milliseconds. It returns how many arrived.
func SignalsInStorm(ms int) int { return int(C.signals_in_storm(C.unsigned(ms))) }

// ShortThreads runs n threads that allocate and end.
func ShortThreads(n int) { C.short_threads(C.int(n)) }

// Pairs allocates and frees n blocks.
func Pairs(n int) { C.pairs(C.long(n)) }
