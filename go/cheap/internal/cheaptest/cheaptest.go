// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

// Package cheaptest has the C code for the tests of package cheap: Go does not allow C in test files.
package cheaptest

/*
#cgo CFLAGS: -D_GNU_SOURCE
#cgo LDFLAGS: -pthread
#include <errno.h>
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

static void *
address_of_allocate(void)
{
	return (void *)allocate;
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
static int stop_stress;

static void *
stress_thread(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;
	void *own[64] = {0};

	while (!__atomic_load_n(&stop_stress, __ATOMIC_RELAXED)) {
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
forks_in_stress(int n)
{
	pthread_t thread[3];
	int good = 0;

	stop_stress = 0;
	for (int i = 0; i < 3; i++) {
		pthread_create(&thread[i], NULL, stress_thread, (void *)(uintptr_t)(i + 1));
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
	__atomic_store_n(&stop_stress, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 3; i++) {
		pthread_join(thread[i], NULL);
	}
	return good;
}

// Allocates and frees in a handler that interrupts threads which do the same. A block of the handler is freed by
// another call of it, on any thread.
static void *handler_block[8];
static unsigned handler_calls;

// The handler allocates by mmap, as an allocator of its own would. It cannot call malloc: the thread that it interrupts
// may hold libc's lock.
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
signals_in_stress(unsigned ms)
{
	struct sigaction act = {.sa_handler = mapping_handler, .sa_flags = SA_ONSTACK | SA_RESTART};
	struct sigaction was;
	pthread_t thread[2];

	sigaction(SIGUSR2, &act, &was);
	stop_stress = 0;
	for (int i = 0; i < 2; i++) {
		pthread_create(&thread[i], NULL, stress_thread, (void *)(uintptr_t)(i + 1));
	}
	for (unsigned i = 0; i < 20 * ms; i++) {
		pthread_kill(thread[i % 2], SIGUSR2);
		usleep(50);
	}
	__atomic_store_n(&stop_stress, 1, __ATOMIC_RELAXED);
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

import (
	"unsafe"

	"rcgo.example/leaf"
)

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

// AllocateByLeaf does the same by a leaf call.
//
//go:noinline
func AllocateByLeaf(kind, size, n int) unsafe.Pointer {
	f := leaf.Of[func(kind int32, size uint, n int32) unsafe.Pointer]("allocate", C.address_of_allocate())
	return f(int32(kind), uint(size), int32(n))
}

// AllocateOverWords does the same in a frame with words that look like the frame records of a call that returns to pc.
//
//go:noinline
func AllocateOverWords(kind, size, n int, pc uintptr) unsafe.Pointer {
	f := leaf.Of[func(kind int32, size uint, n int32) unsafe.Pointer]("allocate", C.address_of_allocate())
	var words [16]uintptr
	leaveRecords(&words, pc)
	p := f(int32(kind), uint(size), int32(n))
	if words[1] != pc {
		panic("the words are not on the stack any more")
	}
	return p
}

//go:noinline
func leaveRecords(words *[16]uintptr, pc uintptr) {
	for i := 0; i < len(words); i += 2 {
		words[i], words[i+1] = uintptr(unsafe.Pointer(words))+unsafe.Sizeof(*words), pc
	}
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

// Map maps pages; nil on failure.
func Map(size int) unsafe.Pointer { return C.map_pages(C.size_t(size)) }

// Remap changes the size of a mapping.
func Remap(p unsafe.Pointer, size, wanted int) unsafe.Pointer {
	return C.remap_pages(p, C.size_t(size), C.size_t(wanted))
}

// Unmap unmaps pages.
func Unmap(p unsafe.Pointer, size int) bool { return C.unmap_pages(p, C.size_t(size)) == 0 }

// ForksInStress forks n children while threads allocate, and returns how many could allocate.
func ForksInStress(n int) int { return int(C.forks_in_stress(C.int(n))) }

// SignalsInStress sends signals to allocating threads for at least ms milliseconds. It returns how many arrived.
func SignalsInStress(ms int) int { return int(C.signals_in_stress(C.unsigned(ms))) }

// ShortThreads runs n threads that allocate and end.
func ShortThreads(n int) { C.short_threads(C.int(n)) }

// Pairs allocates and frees n blocks.
func Pairs(n int) { C.pairs(C.long(n)) }
