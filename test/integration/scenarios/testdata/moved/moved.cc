// SPDX-License-Identifier: BSD-3-Clause
// What C++ may do in or through a handler, on a Go thread.
#pragma GCC optimize("non-call-exceptions") // cgo does not take the flag
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif
#include <execinfo.h>
#include <setjmp.h>
#include <signal.h>
#include <stdexcept>
#include <string>

extern "C" {
int moved_jumps(int n);
int moved_throws_inside(int n);
int moved_throws_through(int n);
int moved_backtrace(void);
}

static volatile sig_atomic_t caught;
static sigjmp_buf away;
static bool on_altstack;

// A destructor that must run when the exception passes.
struct Counted {
	static int alive;
	Counted()
	{
		alive++;
	}
	~Counted()
	{
		alive--;
	}
};
int Counted::alive;

static void
install(int sig, void (*handler)(int), int flags)
{
	struct sigaction action = {};

	action.sa_handler = handler;
	action.sa_flags = flags;
	sigaction(sig, &action, nullptr);
}

static void
note_stack()
{
	stack_t stack;

	if (sigaltstack(nullptr, &stack) == 0 && (stack.ss_flags & SS_ONSTACK) != 0) {
		on_altstack = true;
	}
}

__attribute__((noinline)) static void
exceptions(int depth)
{
	Counted counted;

	if (depth == 0) {
		throw std::runtime_error(std::string("from below a handler"));
	}
	exceptions(depth - 1);
	__asm__ volatile(""); // prevents a tail call
}

static void
throws_inside(int)
{
	note_stack();
	try {
		exceptions(5);
	} catch (const std::exception &) {
		caught++;
	}
}

// Jumps out of a handler, through its frame, to the code whose own fault it interrupted.
static void
throws_through(int)
{
	note_stack();
	exceptions(5);
}

static void
jumps(int sig)
{
	note_stack();
	siglongjmp(away, sig);
}

int
moved_throws_inside(int n)
{
	caught = 0;
	install(SIGUSR1, throws_inside, 0);
	for (int i = 0; i < n; i++) {
		raise(SIGUSR1);
	}
	return caught == n && Counted::alive == 0 && !on_altstack;
}

__attribute__((noinline)) static int
read_from(volatile int *address)
{
	Counted counted;

	return *address;
}

int
moved_throws_through(int n)
{
	install(SIGSEGV, throws_through, SA_NODEFER);
	caught = 0;
	for (int i = 0; i < n; i++) {
		try {
			read_from(reinterpret_cast<int *>(16));
		} catch (const std::runtime_error &) {
			caught++;
		}
	}
	return caught == n && Counted::alive == 0 && !on_altstack;
}

int
moved_jumps(int n)
{
	volatile int jumped = 0;

	install(SIGUSR1, jumps, 0);
	for (volatile int i = 0; i < n; i++) {
		if (sigsetjmp(away, 1) == 0) {
			raise(SIGUSR1);
		} else {
			jumped = jumped + 1;
		}
	}
	return jumped == n && !on_altstack;
}

static void *pcs[64];
static int pcs_seen;

static void
traces(int)
{
	note_stack();
	pcs_seen = backtrace(pcs, 64);
}

static bool
seen(void *pc)
{
	for (int i = 0; i < pcs_seen; i++) {
		if (pcs[i] == pc) {
			return true;
		}
	}
	return false;
}

__attribute__((noinline)) static bool
inner()
{
	raise(SIGUSR1);
	return seen(__builtin_return_address(0));
}

__attribute__((noinline)) static bool
outer()
{
	return inner() && seen(__builtin_return_address(0));
}

// Unwinds from the handler, through its frame, to the interrupted functions.
int
moved_backtrace(void)
{
	install(SIGUSR1, traces, 0);
	return outer() && !on_altstack;
}
