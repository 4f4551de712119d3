// SPDX-License-Identifier: BSD-3-Clause
// Counters, and the page that `rcgo top` reads from another process. The counters change a few
// times in the life of a thread and not in a call.
//
// State: one struct rcgo_stats_page. It is in the program's writable data. A tool finds it by its
// first bytes and reads it through /proc, at no cost to the program. With RCGO=stats=on it is in
// a memory file that the process keeps open, which can be read where ptrace is not allowed.
#ifndef RCGO_STATS_PAGE_H
#define RCGO_STATS_PAGE_H

#include <stdbool.h>

#include "compat.h"
#include "runtime_cgo.h"

#define RCGO_STATS_PAGE_MAGIC "rcgo stats\n\x1a\0\x7f\x01" // 15 bytes and a 0
#define RCGO_STATS_PAGE_FILE "rcgo-stats"

enum {
	RCGO_STATS_PAGE_UP = 1,	       // Go has started
	RCGO_STATS_PAGE_NAMES = 2,     // threads that Go starts are named go:N
	RCGO_STATS_PAGE_CALLBACKS = 4, // calls from C to Go are counted
};

// A tool of another version reads the fields that both versions know.
struct rcgo_stats_page {
	char magic[16];
	uint32_t size;
	uint32_t flags;
	uint64_t go_text[2]; // the bounds of Go's machine code
	struct rcgo_stats stats;
};

// Initializes the page while Go starts: chooses where it is, and what is counted and named.
// Safety: MT-Unsafe AS-Unsafe | stack=os g=nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__stats_init(void);

// Returns the counters. Each is changed by atomic additions.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_stats *rcgo__stats(void);

// Returns whether a flag, one of RCGO_STATS_PAGE_*, is set.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__stats_flag(uint32_t flag);

// Counts the start of a thread for Go, and the bytes of its C stack. Returns the number of the
// thread, from 1.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__stats_thread_begins(uint64_t stack);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__stats_thread_ends(uint64_t stack);

// Maps a memory file of size bytes for the page. Returns NULL on failure. The file descriptor
// stays open.
// Safety: MT-Unsafe AS-Unsafe | stack=os g=nil errno=set alloc=no lock=none
RCGO_INTERN RCGO_COLD void *rcgo__stats_page_map(size_t size);

#define RCGO_NAME_SPARE 0 // go:0: a pre-spawned thread

// Names the calling thread go:NUMBER, unless thread names are off.
// Safety: MT-Safe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__thread_name(uint64_t number);

// Sets the calling thread's name, as other programs see it.
// Safety: MT-Safe AS-Unsafe | stack=os g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN void rcgo__thread_set_name(const char *name);

#endif // RCGO_STATS_PAGE_H
