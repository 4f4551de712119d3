// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: was that fault the end of a C stack? Runs in signal handlers.
// Contract: proc(5), the lines of /proc/self/maps.

#include "rcgo_overflow.h"

#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "rcgo_raw.h"
#include "rcgo_text.h"
#include "rcgo_thread_record.h"

// How far from the end of the stack the stack pointer may be, for a function with large arrays
// moves it before it touches them; and how far below the stack pointer a function may write.
#define REACH ((uintptr_t)1 << 20)
#define BELOW_SP ((uintptr_t)64 << 10)

struct stack {
	uintptr_t lo, hi;
	bool is_main;
};

// A stack ends at lo: whether a thread with this stack pointer has run over that end.
static bool
is_over(uintptr_t lo, uintptr_t fault, uintptr_t sp)
{
	return fault < lo && lo - fault <= REACH && fault + BELOW_SP >= sp && sp < lo + BELOW_SP;
}

// What of a line of maps matters: the mapping, whether it may be written, whether it is [stack].
struct mapping {
	uintptr_t start, end;
	bool writable;
	bool is_main;
};

// Finds the first writable mapping above the fault, with nothing but the guard between.
struct search {
	uintptr_t fault;
	uintptr_t guard_end; // of the guard that the fault is in, or jumped over
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

// Feeds the lines of /proc/self/maps to the search; names are cut, and the rest of their lines
// passed over. rcgo__file_each_line needs more stack than a handler may have.
static void
search_maps(struct search *s)
{
	char line[128], buf[512];
	struct mapping m;
	size_t len = 0;
	bool over = false;
	long fd = rcgo__raw(
		SYS_openat, AT_FDCWD, (long)"/proc/self/maps", O_RDONLY | O_CLOEXEC, 0, 0, 0);
	long n;

	while (fd >= 0 && !over &&
		(n = rcgo__raw(SYS_read, fd, (long)buf, sizeof buf, 0, 0, 0)) > 0) {
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
		rcgo__raw(SYS_close, fd, 0, 0, 0, 0, 0);
	}
}

static bool
find_stack(uintptr_t fault, uintptr_t sp, struct stack *found)
{
	const struct rcgo_thread_record *r = rcgo__thread_record();
	struct search s = {.fault = fault, .found = found};

	*found = (struct stack){0, 0, false};
	if (r != NULL && r->switched_lo != 0 && is_over(r->switched_lo, fault, sp)) {
		*found = (struct stack){r->switched_lo, r->switched_hi, false};
		return true;
	}
	if (r != NULL && r->stack_lo != 0 && is_over(r->stack_lo, fault, sp)) {
		*found = (struct stack){r->stack_lo, r->stack_hi, false};
		found->is_main = rcgo__raw(SYS_gettid, 0, 0, 0, 0, 0, 0) == getpid();
		return true;
	}
	search_maps(&s);
	return found->lo != 0 && is_over(found->lo, fault, sp);
}

bool
rcgo__thread_overflow_describe(uintptr_t fault_address, uintptr_t sp, char *buf, size_t cap)
{
	struct rcgo_text t = rcgo__text_init(buf, cap);
	const struct rcgo_thread_record *r = rcgo__thread_record();
	struct stack found;
	char name[17] = "";

	if (!find_stack(fault_address, sp, &found)) {
		return false;
	}
	rcgo__raw(SYS_prctl, PR_GET_NAME, (long)name, 0, 0, 0, 0);
	rcgo__text_str(&t, "C stack overflow on thread ");
	rcgo__text_dec(&t, (uint64_t)rcgo__raw(SYS_gettid, 0, 0, 0, 0, 0, 0), 0);
	rcgo__text_str(&t, " (");
	rcgo__text_str(&t, name);
	rcgo__text_str(&t, "): its stack is ");
	rcgo__text_dec(&t, (found.hi - found.lo) / 1024, 0);
	rcgo__text_str(&t, " KiB; raise it with ");
	if (found.is_main) {
		rcgo__text_str(&t, "ulimit -s");
	} else if (r != NULL && r->kind == RCGO_THREAD_GO && found.lo == r->stack_lo) {
		rcgo__text_str(&t, "RCGO=stack=SIZE or ulimit -s");
	} else {
		rcgo__text_str(&t, "pthread_attr_setstacksize where C makes the thread");
	}
	rcgo__text_str(&t, ", or look for endless recursion");
	return true;
}
