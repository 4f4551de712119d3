// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: names of code that just-in-time compilers of the target made, by /tmp/perf-PID.map.
#include "stack.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "strbuf.h"

#define MAP_MAX ((size_t)512 << 20)

// The code [start, end) of one function.
struct symbol {
	uint64_t start, end;
	const char *name; // in the line
};

struct jit_symbol {
	struct symbol symbol;
	size_t order;	// of its line: a later one is newer
	uint64_t reach; // the highest end of those up to this one
};

static struct {
	int fd; // 0: not open
	size_t read, n;
	struct jit_symbol *at;
} jit; // of the one process that rcgo looks at

// Whether the file may be believed: it is the target's or root's, and not of an earlier process
// with its number.
static bool
is_of_target(const struct target *t, const struct stat *file)
{
	struct stat process;
	struct timespec now, up;
	double started = process_started(t);

	if (!S_ISREG(file->st_mode) || stat(fmt("/proc/%d", t->pid), &process) != 0 ||
		(file->st_uid != process.st_uid && file->st_uid != 0)) {
		return false;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &up);
	return (double)file->st_mtim.tv_sec + 2 > (double)now.tv_sec - (double)up.tv_sec + started;
}

// Opens the file as soon as there is one: it may be gone when the names are wanted.
void
jit_open(const struct target *t)
{
	pid_t own = t->ns_pid != 0 ? t->ns_pid : t->pid;
	struct stat st;
	int fd;

	if (jit.fd != 0 || t->core || t->pid == 0) {
		return;
	}
	fd = open(fmt("/proc/%d/root/tmp/perf-%d.map", t->pid, own),
		O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0 && (fstat(fd, &st) != 0 || !is_of_target(t, &st))) {
		close(fd);
		return;
	}
	jit.fd = fd >= 0 ? fd : 0;
}

static int
by_start(const void *a, const void *b)
{
	const struct jit_symbol *x = a, *y = b;

	if (x->symbol.start != y->symbol.start) {
		return x->symbol.start < y->symbol.start ? -1 : 1;
	}
	return (x->order > y->order) - (x->order < y->order);
}

// Parses a line: the address and the size, hexadecimal, and the name, which is the rest of it.
static bool
parse_line(const char *line, struct symbol *symbol)
{
	uint64_t size;

	if (line[0] == '0' && (line[1] == 'x' || line[1] == 'X')) {
		line += 2;
	}
	if (rcgo__parse_hex(&line, &symbol->start) != 0 || *line++ != ' ') {
		return false;
	}
	if (line[0] == '0' && (line[1] == 'x' || line[1] == 'X')) {
		line += 2;
	}
	if (rcgo__parse_hex(&line, &size) != 0 || *line++ != ' ' || *line == 0 || size == 0 ||
		size > UINT64_MAX - symbol->start) {
		return false;
	}
	symbol->end = symbol->start + size;
	symbol->name = line;
	return true;
}

static void
add_line(char *line, size_t *room)
{
	struct jit_symbol s = {.order = jit.n};

	if (!parse_line(line, &s.symbol)) {
		return;
	}
	if (jit.n == *room) {
		*room = 2 * *room + 256;
		jit.at = realloc(jit.at, *room * sizeof *jit.at);
		if (jit.at == NULL) {
			xalloc(SIZE_MAX);
		}
	}
	jit.at[jit.n++] = s;
}

// Reads the file, again if it has grown.
static void
load(void)
{
	struct stat st;
	char *text, *save = NULL;
	size_t size, n = 0, room = 0;

	if (jit.fd == 0 || fstat(jit.fd, &st) != 0 || (size_t)st.st_size == jit.read) {
		return;
	}
	size = (size_t)st.st_size < MAP_MAX ? (size_t)st.st_size : MAP_MAX;
	text = xalloc(size + 1); // the names stay in it
	for (ssize_t got = 1; n < size && got > 0; n += got > 0 ? (size_t)got : 0) {
		got = pread(jit.fd, text + n, size - n, (off_t)n);
	}
	jit.read = size;
	jit.n = 0;
	free(jit.at);
	jit.at = NULL;
	for (char *line = strtok_r(text, "\n", &save); line != NULL;
		line = strtok_r(NULL, "\n", &save)) {
		add_line(line, &room);
	}
	if (jit.n > 0) {
		qsort(jit.at, jit.n, sizeof *jit.at, by_start);
	}
	for (size_t i = 0; i < jit.n; i++) {
		uint64_t before = i > 0 ? jit.at[i - 1].reach : 0;

		jit.at[i].reach = jit.at[i].symbol.end > before ? jit.at[i].symbol.end : before;
	}
}

// The name of the code at pc; NULL without. *start is where it begins.
const char *
jit_name(const struct target *t, uint64_t pc, uint64_t *start)
{
	const struct jit_symbol *best = NULL;
	size_t lo = 0, hi;

	jit_open(t);
	load();
	hi = jit.n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (jit.at[mid].symbol.start <= pc) {
			lo = mid + 1;
		} else {
			hi = mid;
		}
	}
	for (size_t i = lo; i-- > 0 && jit.at[i].reach > pc;) {
		const struct jit_symbol *s = &jit.at[i];

		if (s->symbol.end > pc && (best == NULL || s->order > best->order)) {
			best = s;
		}
	}
	if (best == NULL) {
		return NULL;
	}
	*start = best->symbol.start;
	return best->symbol.name;
}
