// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling: the stacks that allocated the C memory of a Go program, down to the Go line. An
// optional part: `rcgo build --with=heap` compiles it in. Its functions interpose those of libc or
// another allocator, and record a sample of the allocations: size, C frames, and the frames of the
// goroutine that called C. doc/heap_profiling.md describes its use.
//
// Algorithm: each thread counts the bytes that it allocates down from a random number with an
// exponential distribution; the allocation that passes 0 is recorded. An allocation of n bytes is
// thus recorded with the probability 1 - e^(-n/rate). Its weight is the inverse of that
// probability. At rate 1 every allocation is recorded. A freed block is looked up in a filter
// first, of 4 KiB, or of 64 KiB if many samples are live. Anonymous mappings are all recorded. If
// the table of live allocations is full, the rate is raised and entries are dropped with the
// probability that follows from both rates, so the numbers stay unbiased.
//
// State: rcgo__heap_control, private to the process and cleared in forked children
// (heap_control.h); and the tables, which readers see (heap_layout.h): a memory file, or the file
// of RCGO=heap=file:PATH, which outlives the process.
//
// Callers and stacks:
//   malloc and kin, mmap and kin   C code, on any stack, before Go starts and in handlers too
//   x_cgo_heap_start               init of our Go file, by cgocall, on g0
//   rcgo_heap_*                    Go package cheap, and C code
//
// Safety: recording calls neither Go nor libc's allocator nor the dynamic loader, and reads memory
// only. It takes locks of its own. A handler that interrupts a recording records nothing itself,
// and frees are kept for later. A thread gives up a lock that it does not get within 50 ms.
//
// Differences between Go versions: the place of m.curg (heap_go_linux.c).
//
// A port must: find the thread pointer (heap_control.h), the next allocator (heap_next_<os>.c) and
// the objects (heap_modules_<os>.c).
#ifndef RCGO_HEAP_PROFILING_H
#define RCGO_HEAP_PROFILING_H

#include <stddef.h>
#include <stdint.h>

#include "compat.h"
#include "runtime_cgo.h"

// Sets the number of bytes between samples; 0 ends sampling; recorded blocks stay in the tables
// until they are freed. path is the file for the tables, which the first call creates, or NULL.
// Returns 0 or -errno; -ENOTSUP in a program with a sanitizer and in a forked child.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__heap_set_rate(uint64_t rate, const char *path);

// Copies the moduledata of a Go runtime into the tables, for readers of the file. The caller
// serializes the calls.
// Safety: MT-Unsafe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__heap_note_go_module(uintptr_t module);

// Applies a value of RCGO=heap=: words separated by +, each of them on, off, all, a size,
// file:PATH. %p in PATH becomes the process id. Writes a message if it cannot.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__heap_configure(const char *value);

// The argument of x_cgo_heap_start: the module that contains main.main.
struct rcgo_heap_start {
	uintptr_t module;
};

// Reads RCGO=heap= while Go starts.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=set alloc=no lock=none
RCGO_EXPORT void x_cgo_heap_start(const struct rcgo_heap_start *arg);

#endif // RCGO_HEAP_PROFILING_H
