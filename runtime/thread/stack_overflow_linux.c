// SPDX-License-Identifier: BSD-3-Clause
// Detects the overflow of a C stack. Runs in signal handlers.
// Contract: proc(5), the lines of /proc/self/maps.

//rcgo:small

#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

#include "raw_syscall.h"
#include "stack_bounds.h"
#include "strbuf.h"
#include "syscall_trial.h"
#include "thread_record.h"

// REACH: the largest distance of the fault from the end of the stack. A function with large
// arrays moves its stack pointer before it accesses them. BELOW_SP: how far below the stack
// pointer a function may write.
#define REACH ((uintptr_t)1 << 20)
#define BELOW_SP ((uintptr_t)64 << 10)

struct stack {
	uintptr_t lo, hi;
	bool is_main;
};

// Returns whether a thread with stack pointer sp has overflowed the stack that ends at lo.
static bool
is_overflow(uintptr_t lo, uintptr_t fault, uintptr_t sp)
{
	return fault < lo && lo - fault <= REACH && fault + BELOW_SP >= sp && sp < lo + BELOW_SP;
}

// The parts of a line of maps that are used: the mapping, whether it is writable, whether it is
// [stack].
struct mapping {
	uintptr_t start, end;
	bool writable;
	bool is_main;
};

// A search for the first writable mapping above the fault, with nothing but the guard area
// between.
struct search {
	uintptr_t fault;
	uintptr_t guard_end; // the end of the guard area that the fault hit or skipped
	struct stack *found;
};

// Returns whether the search is over.
static bool
consider(struct search *s, const struct mapping *m)
{
	if (m->end <= s->fault) {
		return false;
	}
	if (!m->writable && (m->start <= s->fault || s->guard_end == 0)) {
		s->guard_end = m->end;
		return false;
	}
	if (m->start > s->fault && m->writable && (m->is_main || s->guard_end == m->start)) {
		*s->found = (struct stack){m->start, m->end, m->is_main};
	}
	return true;
}

static bool
parse_mapping(const char *line, struct mapping *m)
{
	uint64_t start, end;

	if (rcgo__parse_hex(&line, &start) != 0 || *line++ != '-' ||
		rcgo__parse_hex(&line, &end) != 0 || *line++ != ' ') {
		return false;
	}
	m->start = (uintptr_t)start;
	m->end = (uintptr_t)end;
	m->writable = line[0] != 0 && line[1] == 'w';
	m->is_main = strstr(line, "[stack]") != NULL;
	return true;
}

// Passes the lines of /proc/self/maps to the search. Long names are cut off. rcgo__file_each_line
// is not used, because it needs more stack than a handler may have.
static void
search_maps(struct search *s)
{
	char line[128], buf[512];
	struct mapping m;
	size_t len = 0;
	bool over = false;
	long fd = rcgo__raw_syscall(
		SYS_openat, AT_FDCWD, (long)"/proc/self/maps", O_RDONLY | O_CLOEXEC, 0, 0, 0);
	long n;

	while (fd >= 0 && !over &&
		(n = rcgo__raw_syscall(SYS_read, fd, (long)buf, sizeof buf, 0, 0, 0)) > 0) {
		for (long i = 0; i < n && !over; i++) {
			if (buf[i] != '\n') {
				len += len < sizeof line - 1 ? (size_t)(line[len] = buf[i], 1) : 0;
				continue;
			}
			line[len] = 0;
			len = 0;
			over = parse_mapping(line, &m) && consider(s, &m);
		}
	}
	if (fd >= 0) {
		rcgo__raw_syscall(SYS_close, fd, 0, 0, 0, 0, 0);
	}
}

// Returns whether s is the main thread's stack: the kernel puts the program's name at its end.
static bool
is_main_stack(const struct stack *s)
{
	uintptr_t name = (uintptr_t)getauxval(AT_EXECFN);

	return name >= s->lo && name < s->hi;
}

static bool
find_stack(uintptr_t fault, uintptr_t sp, struct stack *found)
{
	const struct rcgo_thread_record *r = rcgo__thread_record();
	struct search s = {.fault = fault, .found = found};

	*found = (struct stack){0, 0, false};
	if (r != NULL && r->alt_c_stack_lo != 0 && is_overflow(r->alt_c_stack_lo, fault, sp)) {
		*found = (struct stack){r->alt_c_stack_lo, r->alt_c_stack_hi, false};
		return true;
	}
	if (r != NULL && r->stack_lo != 0 && is_overflow(r->stack_lo, fault, sp)) {
		*found = (struct stack){r->stack_lo, r->stack_hi, false};
		found->is_main = is_main_stack(found);
		return true;
	}
	// No stack that ends above the fault can have this stack pointer.
	if (fault + BELOW_SP < sp || !rcgo__syscall_trial_passed()) {
		return false;
	}
	search_maps(&s);
	return found->lo != 0 && is_overflow(found->lo, fault, sp);
}

bool
rcgo__describe_stack_overflow(uintptr_t fault_address, uintptr_t sp, char *buf, size_t cap)
{
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, cap);
	const struct rcgo_thread_record *r = rcgo__thread_record();
	struct stack found;
	char name[17] = "";

	if (!find_stack(fault_address, sp, &found)) {
		return false;
	}
	if (rcgo__syscall_trial_passed()) {
		rcgo__raw_syscall(SYS_prctl, PR_GET_NAME, (long)name, 0, 0, 0, 0);
	}
	rcgo__append_str(&t, "C stack overflow on thread ");
	rcgo__append_uint(&t, (uint64_t)rcgo__raw_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0), 0);
	if (name[0] != 0) {
		rcgo__append_str(&t, " (");
		rcgo__append_str(&t, name);
		rcgo__append_str(&t, ")");
	}
	rcgo__append_str(&t, ": its stack is ");
	rcgo__append_uint(&t, (found.hi - found.lo) / 1024, 0);
	rcgo__append_str(&t, " KiB; raise it with ");
	if (found.is_main) {
		rcgo__append_str(&t, "ulimit -s");
	} else if (r != NULL && r->kind == RCGO_THREAD_GO && found.lo == r->stack_lo) {
		rcgo__append_str(&t, "RCGO=stack=SIZE or ulimit -s");
	} else {
		rcgo__append_str(&t, "pthread_attr_setstacksize where C makes the thread");
	}
	rcgo__append_str(&t, ", or look for endless recursion");
	return true;
}
