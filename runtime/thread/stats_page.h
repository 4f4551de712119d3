// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: what is counted: a few additions in the life of a thread, none in a call; and
// the page that `rcgo top` reads from outside.
//
// State: one struct rcgo_stats_page. It lies in the program's writable data, where a tool finds it
// by its first bytes and reads it through /proc: nobody pays for that. With RCGO=stats=on it lies
// in a memory file that the process keeps open, which is readable where ptrace is not allowed.
#ifndef RCGO_STATS_PAGE_H
#define RCGO_STATS_PAGE_H

#include <stdbool.h>

#include "compat.h"
#include "runtime_cgo.h"

#define RCGO_STATS_PAGE_MAGIC "rcgo sight\n\x1a\0\x7f\x01" // 15 bytes and a 0
#define RCGO_STATS_PAGE_FILE "rcgo-sight"

enum {
	RCGO_STATS_PAGE_UP = 1,	       // Go has started
	RCGO_STATS_PAGE_NAMES = 2,     // threads of Go are called go:N
	RCGO_STATS_PAGE_CALLBACKS = 4, // calls from C to Go are counted
};

// A tool of another version reads as much of it as both know.
struct rcgo_stats_page {
	char magic[16];
	uint32_t size;
	uint32_t flags;
	uint64_t go_text[2]; // where Go's machine code lies
	struct rcgo_stats stats;
};

// As Go starts: where the page is to be, and what is counted and named.
// Safety: MT-Unsafe AS-Unsafe | stack=os g=nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__stats_init(void);

// The counters. Each is an atomic that is added to.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_stats *rcgo__stats(void);

// Whether one of RCGO_STATS_PAGE_* is so.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__stats_flag(uint32_t flag);

// A thread for Go runs; and it is about to end. The first gives its number, from 1.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__stats_thread_begins(void);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__stats_thread_ends(void);

// The page as a memory file of so many bytes, or NULL; its descriptor stays open.
// Safety: MT-Unsafe AS-Unsafe | stack=os g=nil errno=set alloc=no lock=none
RCGO_INTERN RCGO_COLD void *rcgo__stats_page_map(size_t size);

#define RCGO_NAME_SPARE 0 // go:0: a thread that waits for Go to start one

// Calls the calling thread go:N, unless that is not wanted.
// Safety: MT-Safe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__thread_name(uint64_t number);

#endif // RCGO_STATS_PAGE_H
