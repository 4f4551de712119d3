// SPDX-License-Identifier: BSD-3-Clause
// Context Management: the built-in C contexts, for programs that register no context function.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "go_standin.h"
#include "inject.h"
#include "context_management.h"
#include "c_context.h"
#include "thread_record.h"
#include "unit.h"

static void
start(void)
{
	standin_start();
	rcgo__thread_record_make(RCGO_THREAD_FIRST);
	CHECK_INT(rcgo__contexts_init(), 0);
	rcgo__hooks_set(NULL, rcgo__contexts_release, NULL);
}

static const struct rcgo_context_record *
note_of(uintptr_t context)
{
	return (const struct rcgo_context_record *)context;
}

// The part of cmd/cgo's generated code for an exported function that concerns contexts.
__attribute__((noinline)) static uintptr_t
stub(void (*body)(void *), void *arg)
{
	uintptr_t context = _cgo_wait_runtime_init_done();

	if (body != NULL) {
		body(arg);
	}
	_cgo_release_context(context);
	return context;
}

TEST(off_unless_asked_for)
{
	standin_start();
	CHECK_INT(rcgo__init_barrier_state(), RCGO_INIT_STATE_OPEN);
	CHECK_INT(stub(NULL, NULL), 0);
}

static void
look(void *arg)
{
	(void)arg;
}

TEST(notes_the_caller)
{
	// The address of a variable will not do, because a sanitizer may keep variables elsewhere.
	uintptr_t here = (uintptr_t)__builtin_frame_address(0), context;

	start();
	context = stub(look, NULL);
	CHECK(context != 0);
	CHECK(note_of(context)->pc > (uintptr_t)stub);
	CHECK(note_of(context)->pc < (uintptr_t)stub + 512);
	CHECK(note_of(context)->cfa <= here);
	CHECK(note_of(context)->cfa > here - 4096);
#if RCGO_SAVED_FP_KNOWN
	CHECK(note_of(context)->fp >= note_of(context)->cfa);
	CHECK(note_of(context)->fp < here + 4096);
#endif
}

#define DEPTH 100
static uintptr_t seen[DEPTH];

static void
nest(void *arg)
{
	unsigned *depth = arg;
	unsigned at = (*depth)++;
	uintptr_t context;

	if (at < DEPTH) {
		context = _cgo_wait_runtime_init_done();
		seen[at] = context;
		for (unsigned i = 0; i < at; i++) {
			CHECK(seen[i] < context);
			CHECK(note_of(seen[i])->cfa > note_of(context)->cfa);
		}
		nest(arg);
		_cgo_release_context(context);
	}
}

TEST(calls_inside_of_calls)
{
	unsigned depth = 0;
	uintptr_t first;

	start();
	first = stub(NULL, NULL);
	for (int i = 0; i < 3; i++) {
		depth = 0;
		nest(&depth);
		CHECK_INT(seen[0], first);
		CHECK_INT(stub(NULL, NULL), first);
	}
}

// Frames that are left without a release, as by a panic: calls come from other depths again and
// again, and none is ever released.
__attribute__((noinline)) static uintptr_t
leak(unsigned depth)
{
	char room[256];
	uintptr_t context;

	memset(room, (int)depth, sizeof room);
	__asm__("" : : "r"(room) : "memory");
	context = depth == 0 ? _cgo_wait_runtime_init_done() : leak(depth - 1);
	__asm__("" : : "r"(room) : "memory");
	return context;
}

TEST(calls_that_are_never_released)
{
	uintptr_t outer, inner;

	start();
	outer = _cgo_wait_runtime_init_done();
	for (unsigned i = 0; i < 100000; i++) {
		inner = leak(i % 7);
		CHECK(inner > outer);
		CHECK((inner - outer) / sizeof(struct rcgo_context_record) <= 7);
	}
	CHECK(leak(6) > outer);
	CHECK(leak(3) > outer);
	// The release of the outer call releases them all.
	_cgo_release_context(outer);
	CHECK_INT(_cgo_wait_runtime_init_done(), outer);
}

// One context record remains instead of seven, when a call from an outer frame follows.
TEST(a_call_from_further_out_ends_those_inside)
{
	uintptr_t first;

	start();
	first = leak(0);
	CHECK(leak(5) == first || leak(5) > first);
	CHECK_INT(leak(0), first);
	_cgo_release_context(first);
	_cgo_release_context(first); // does nothing
	_cgo_release_context(first + 4096 * 24);
	_cgo_release_context(1);
	CHECK_INT(leak(0), first);
}

static void
too_deep(void *arg)
{
	unsigned *depth = arg;
	uintptr_t context;

	if ((*depth)++ < 5000) {
		context = _cgo_wait_runtime_init_done();
		CHECK((context != 0) == (*depth <= 4096));
		too_deep(arg);
		_cgo_release_context(context);
	}
}

TEST(a_limit)
{
	unsigned depth = 0;

	start();
	too_deep(&depth);
	CHECK(stub(NULL, NULL) != 0);
}

static ucontext_t main_context, other_context;
static uintptr_t other_note;

static void
on_other_stack(void)
{
	other_note = _cgo_wait_runtime_init_done();
	swapcontext(&other_context, &main_context);
	_cgo_release_context(other_note);
}

// C may switch stacks inside a call: context records of another stack say nothing about this one.
TEST(stacks_that_c_switches)
{
	size_t size = 256 * 1024;
	char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t outer, inner;

	CHECK(stack != MAP_FAILED);
	start();
	outer = _cgo_wait_runtime_init_done();
	CHECK_INT(getcontext(&other_context), 0);
	other_context.uc_stack.ss_sp = stack;
	other_context.uc_stack.ss_size = size;
	other_context.uc_link = &main_context;
	makecontext(&other_context, on_other_stack, 0);
	CHECK_INT(swapcontext(&main_context, &other_context), 0);
	CHECK(other_note > outer);
	inner = leak(3);
	CHECK(inner > other_note);
	CHECK(note_of(other_note)->cfa - (uintptr_t)stack < size);
	_cgo_release_context(inner);
	CHECK_INT(swapcontext(&main_context, &other_context), 0);
	_cgo_release_context(outer);
}

static void *
call_and_end(void *arg)
{
	for (int i = 0; i < 1000; i++) {
		CHECK(stub(NULL, NULL) != 0);
	}
	return arg;
}

static size_t
mappings(void)
{
	uint64_t size = unit_status_field("/proc/self/status", "VmSize", 10);

	return (size_t)size;
}

TEST(threads_give_their_notes_back)
{
	pthread_t t;
	size_t before = 0;

	if (unit_emulated()) {
		unit_skip("the emulator's own memory is counted too");
	}
	start();
	for (int i = 0; i < 200; i++) {
		CHECK_INT(pthread_create(&t, NULL, call_and_end, NULL), 0);
		CHECK_INT(pthread_join(t, NULL), 0);
		if (i == 20) {
			before = mappings();
		}
	}
	// 180 threads with 96 KiB each would be 17 MB.
	CHECK(mappings() < before + 4000);
}

TEST(no_memory_no_context)
{
	start();
	inject_arm(&inject_mmap, 0, 1, ENOMEM);
	errno = 77;
	CHECK_INT(stub(NULL, NULL), 0);
	CHECK_INT(errno, 77);
	CHECK(stub(NULL, NULL) != 0);
	CHECK_INT(errno, 77);
}

TEST(errno_is_kept)
{
	start();
	errno = 77;
	CHECK(stub(NULL, NULL) != 0);
	CHECK_INT(errno, 77);
}

UNIT_MAIN(UNIT_TEST(off_unless_asked_for), UNIT_TEST(notes_the_caller),
	UNIT_TEST(calls_inside_of_calls), UNIT_TEST(calls_that_are_never_released),
	UNIT_TEST(a_call_from_further_out_ends_those_inside), UNIT_TEST(a_limit),
	UNIT_TEST(stacks_that_c_switches), UNIT_TEST(threads_give_their_notes_back),
	UNIT_TEST(no_memory_no_context), UNIT_TEST(errno_is_kept))
