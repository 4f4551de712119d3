// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: an overflow of a C stack is told apart from other faults.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

#include "go_standin.h"
#include "sigframe.h"
#include "stack_bounds.h"
#include "unit.h"

static struct unit_end end;

static void
on_fault(int sig, siginfo_t *info, void *context)
{
	char text[256];

	(void)sig;
	if (!rcgo__describe_stack_overflow((uintptr_t)info->si_addr,
		    RCGO_FRAME_SP((ucontext_t *)context), text, sizeof text)) {
		snprintf(text, sizeof text, "another fault: %p, sp %p", info->si_addr,
			(void *)RCGO_FRAME_SP((ucontext_t *)context));
	}
	(void)!write(STDERR_FILENO, text, strlen(text));
	_exit(9);
}

static void
handle_faults(void)
{
	struct sigaction act = {
		.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
	stack_t alt = {.ss_size = 65536};

	alt.ss_sp =
		mmap(NULL, alt.ss_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(alt.ss_sp != MAP_FAILED);
	CHECK_INT(sigaltstack(&alt, NULL), 0);
	sigaction(SIGSEGV, &act, NULL);
	sigaction(SIGBUS, &act, NULL);
}

static size_t frame = 100;

__attribute__((noinline)) static unsigned
recurse(unsigned depth)
{
	unsigned char *local = __builtin_alloca(frame);

	local[0] = (unsigned char)depth;
	__asm__ volatile("" : : "r"(local) : "memory");
	return depth == ~0U ? 0 : recurse(depth + 1) + local[0];
}

static void
overflow(void)
{
	sigset_t none;

	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
	handle_faults();
	recurse(0);
}

static void
mstart(void)
{
	overflow();
}

static void
on_go_thread(void *arg)
{
	static G g;
	unsigned never = 0;

	setenv("RCGO", arg, 1);
	standin_start();
	standin_newm(&g, mstart);
	unit_await(&never, 1);
}

static void *
foreign(void *arg)
{
	if (arg != NULL) {
		standin_export(NULL, NULL);
	}
	overflow();
	return NULL;
}

static void
on_foreign_thread(void *enters)
{
	pthread_attr_t attr;
	pthread_t t;

	standin_start();
	pthread_attr_init(&attr);
	CHECK_INT(pthread_attr_setstacksize(&attr, 512 << 10), 0);
	CHECK_INT(pthread_create(&t, &attr, foreign, enters), 0);
	pthread_join(t, NULL);
}

static void
on_main(void *arg)
{
	struct rlimit limit = {1 << 20, 1 << 20};

	(void)arg;
	CHECK_INT(setrlimit(RLIMIT_STACK, &limit), 0);
	standin_start();
	overflow();
}

static void
need_stacks(void)
{
	if (UNIT_ASAN || UNIT_TSAN || unit_emulated()) {
		unit_skip("stacks are not the program's alone");
	}
}

static void
check_text(void (*body)(void *), void *arg, const char *size, const char *advice)
{
	unit_fork(&end, body, arg);
	CHECK_HAS(end.err, "C stack overflow on thread ");
	CHECK_HAS(end.err, size);
	CHECK_HAS(end.err, advice);
	CHECK_INT(end.status >> 8, 9);
}

TEST(of_each_kind_of_thread)
{
	need_stacks();
	for (frame = 100; frame < 4096; frame += 1900) {
		check_text(on_go_thread, "stack=320K", ": its stack is 320 KiB; ", "RCGO=stack=");
		check_text(on_go_thread, "stack=2M,guard=64K", " 2048 KiB; ", "RCGO=stack=");
		check_text(on_foreign_thread, &end, " 512 KiB; ", "pthread_attr_setstacksize");
		check_text(on_foreign_thread, NULL, " 51", "pthread_attr_setstacksize");
		check_text(on_main, NULL, " 1024 KiB; ", "ulimit -s");
	}
	// Larger frames skip a guard area of one page, but not this one.
	frame = 40000;
	check_text(on_go_thread, "stack=2M,guard=64K", " 2048 KiB; ", "RCGO=stack=");
	check_text(on_main, NULL, " 1024 KiB; ", "ulimit -s");
}

static void
touch(void *p)
{
	standin_start();
	handle_faults();
	*(char *)p = 1;
}

TEST(other_faults)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	char *page = mmap(NULL, size * 3, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (unit_emulated()) {
		unit_skip("the emulator's stack of main is not where the kernel says");
	}
	CHECK(page != MAP_FAILED);
	CHECK_INT(mprotect(page + size * 2, size, PROT_READ | PROT_WRITE), 0);
	for (size_t i = 0; i < 2; i++) {
		unit_fork(&end, touch, page + size * i);
		CHECK_HAS(end.err, "another fault");
	}
	unit_fork(&end, touch, (void *)64); // for NULL itself, a sanitizer would report first
	CHECK_HAS(end.err, "another fault");
	unit_fork(&end, touch, (void *)(uintptr_t)on_main);
	CHECK_HAS(end.err, "another fault");
	unit_fork(&end, touch, (void *)((uintptr_t)&end - (1 << 30)));
	CHECK_HAS(end.err, "another fault");
}

UNIT_MAIN(UNIT_TEST(of_each_kind_of_thread), UNIT_TEST(other_faults))
