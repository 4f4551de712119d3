// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling: the layout of the tables. A process keeps them in one mapping, and
// RCGO=heap=file: keeps that mapping in a file. Go package cheap and `rcgo heap show` read them
// while the program runs, and `rcgo heap show` reads the file when it has ended. All numbers are in
// the program's byte order. Positions are offsets from the start of the mapping.
//
// A reader takes no lock. The writer stores a record's fields first and its key last (an entry's
// address, a stack's count in the header), so a visible record is complete. If an entry is removed
// or replaced while it is read, the reader may get the previous entry.
#ifndef RCGO_HEAP_LAYOUT_H
#define RCGO_HEAP_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#define RCGO_HEAP_MAGIC "rcgo heap 5\n\0\0\0\0"
#define RCGO_HEAP_FILE "rcgo-heap" // the name of the memory file

#define RCGO_HEAP_SHARDS 64
#define RCGO_HEAP_SHARD_ENTRIES 16384
#define RCGO_HEAP_STACKS 65536
#define RCGO_HEAP_WORDS ((uint64_t)2 << 20)
#define RCGO_HEAP_MAPPINGS 65536
#define RCGO_HEAP_MODULES 4096
#define RCGO_HEAP_TEXT ((uint64_t)512 << 10)
#define RCGO_HEAP_GO_MODULE 640
#define RCGO_HEAP_GO_MODULES 4

// Numbers that may have a fraction, such as the estimate of objects, are in this unit.
#define RCGO_HEAP_ONE 65536

// A live allocation that was sampled.
struct rcgo_heap_entry {
	uint64_t address;   // 0: the entry is free
	uint64_t size;	    // as requested
	uint64_t seq;	    // the number of the sample
	uint64_t goroutine; // the address of the g that allocated it, or 0
	uint32_t stack;
	float weight; // the number of allocations of this size that it stands for
	uint32_t next;
	uint32_t unused;
};

// Entries of all shards are mixed, so that a few of each need few pages of memory.
#define RCGO_HEAP_RUN 8

// Returns the index in the table of the entry with number i of a shard.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
static inline uint32_t
rcgo_heap_entry_index(uint32_t shard, uint32_t i)
{
	return (i / RCGO_HEAP_RUN * RCGO_HEAP_SHARDS + shard) * RCGO_HEAP_RUN + i % RCGO_HEAP_RUN;
}

// A stack: program counters of C, innermost first, as rcgo_backtrace stores them, then return
// addresses in Go code. Stack 0 has none: it collects the allocations whose stack found no
// room in the tables.
struct rcgo_heap_stack {
	uint64_t hash;
	uint64_t objects; // estimates of all allocations there so far; unit RCGO_HEAP_ONE
	uint64_t bytes;
	uint64_t at; // index of the first word
	uint16_t c, go;
	uint16_t kind; // enum rcgo_heap_kind
	// The number of modules that were known at that time. A program counter belongs to the last
	// of these modules that contains it; another object may be loaded there later.
	uint16_t modules;
};

enum rcgo_heap_kind {
	RCGO_HEAP_MALLOC,
	RCGO_HEAP_MMAP,
};

// An anonymous mapping. All mappings are recorded, without sampling, and sorted by start.
struct rcgo_heap_mapping {
	uint64_t start, size;
	uint64_t seq;
	uint32_t stack;
	uint32_t state; // enum rcgo_heap_state
};

enum rcgo_heap_state {
	RCGO_HEAP_USABLE,
	RCGO_HEAP_COMMITTED, // usable since mprotect
	RCGO_HEAP_RESERVED,  // without access rights: no memory is in use
	RCGO_HEAP_OWN,	     // memory of Go and of its runtime/cgo: not C memory of the program
};

// Returns whether a mapping in this state counts as C memory in use.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
static inline bool
rcgo_heap_counts(uint32_t state)
{
	return state == RCGO_HEAP_USABLE || state == RCGO_HEAP_COMMITTED;
}

// Executable code of an object that was loaded when a stack was recorded.
struct rcgo_heap_module {
	uint64_t start, end, offset;
	uint64_t path; // offset in the text
	uint64_t key;  // distinguishes objects at the same address; 0: it is never unloaded
};

// A copy of the moduledata of a Go runtime in the process. A C program can load several.
struct rcgo_heap_go_module {
	uint64_t address; // in the process; 0: none
	uint8_t bytes[RCGO_HEAP_GO_MODULE];
};

struct rcgo_heap_header {
	char magic[16];
	uint64_t size; // of the mapping
	uint64_t pid;
	uint64_t started; // seconds since 1970
	uint64_t rate;	  // bytes between samples; 1: every allocation; 0: off
	uint64_t seq;	  // the number of samples so far
	// Estimates of the memory that malloc and mmap returned and that was not freed.
	uint64_t live_objects, live_bytes; // unit RCGO_HEAP_ONE
	uint64_t total_objects, total_bytes;
	uint64_t mapped_bytes; // exact
	uint64_t mapped_total;
	// The positions of the tables.
	uint64_t entries, stacks, words, mappings, modules, text;
	// The number of used elements.
	uint64_t stacks_used, words_used, mappings_used, modules_used, text_used;
	// Events that were not recorded.
	uint64_t lost_samples, lost_frees, lost_stacks, lost_mappings;
	uint64_t thinned; // how often the rate was raised, because the table of entries was full
	uint64_t entries_live;
	uint64_t no_go;			// stacks whose Go part could not be read
	uint64_t control, control_size; // the address and the size of the process's private state
	uint32_t shard_used[RCGO_HEAP_SHARDS];
	struct rcgo_heap_go_module go_module[RCGO_HEAP_GO_MODULES];
};

#endif // RCGO_HEAP_LAYOUT_H
