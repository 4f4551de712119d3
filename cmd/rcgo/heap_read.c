// SPDX-License-Identifier: BSD-3-Clause
// rcgo heap: reads the tables. They are not trusted, so every number is checked.
#include "heap.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic[] = RCGO_HEAP_MAGIC;
// What the magics of all versions begin with.
static const char any_magic[] = "rcgo heap ";

// The source of the tables: a file, or the memory of a process.
struct source {
	int fd;
	uint64_t at;
	const char *what;
};

static _Noreturn void
fail_damaged(const struct source *from)
{
	fail(fmt("%s is not a heap profile that this rcgo can read", from->what),
		"its tables are damaged", "record the profile again");
}

static _Noreturn void
fail_short(const struct source *from)
{
	fail(fmt("%s is not a heap profile that this rcgo can read", from->what),
		"it is shorter than its tables: was it copied while the disk was full?",
		"copy the whole file, or record the profile again");
}

// Ends rcgo unless the tables begin as those of this version do.
static void
check_magic(const struct source *from, const char *found)
{
	if (memcmp(found, magic, sizeof magic - 1) == 0) {
		return;
	}
	if (memcmp(found, any_magic, sizeof any_magic - 1) == 0) {
		fail(fmt("%s is a heap profile of another version of rcgo", from->what), NULL,
			"use the rcgo that the program was built or run with");
	}
	fail(fmt("%s is not a heap profile", from->what), NULL,
		"name a file of `rcgo heap run -o FILE` or of RCGO=heap=file:FILE");
}

static void *
read_part(const struct source *from, uint64_t offset, uint64_t n, size_t size)
{
	char *to = xalloc((size_t)n * size + 1);
	size_t want = (size_t)n * size, got = 0;

	while (got < want) {
		ssize_t r = pread(from->fd, to + got, want - got, (off_t)(from->at + offset + got));

		if (r <= 0) {
			fail_short(from);
		}
		got += (size_t)r;
	}
	return to;
}

static bool
is_number(const char *s)
{
	return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
}

// Finds the tables among the shared mappings of a process.
static bool
find_in(pid_t pid, struct source *from)
{
	static const char otherwise[] = "start the program by `rcgo heap run -o FILE`, or with "
					"RCGO=heap=file:FILE, and show that file";
	FILE *maps = fopen(fmt("/proc/%d/maps", pid), "re");
	char line[8192], rights[8], head[sizeof magic - 1];
	uint64_t start, end;
	bool found = false;

	if (maps == NULL) {
		process_fail(pid, errno, "heap show", otherwise);
	}
	from->fd = open(fmt("/proc/%d/mem", pid), O_RDONLY | O_CLOEXEC);
	if (from->fd < 0) {
		process_fail(pid, errno, "heap show", otherwise);
	}
	while (!found && fgets(line, sizeof line, maps) != NULL) {
		found = sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s", &start, &end, rights) == 3 &&
			strncmp(rights, "rw-", 3) == 0 && end - start >= RCGO_HEAP_TEXT &&
			pread(from->fd, head, 16, (off_t)start) == 16 &&
			memcmp(head, any_magic, sizeof any_magic - 1) == 0;
	}
	fclose(maps);
	from->at = start;
	return found;
}

static void
open_source(struct heap *h, const char *what, struct source *from)
{
	from->what = what;
	if (is_number(what) && access(what, F_OK) != 0) {
		pid_t pid = atoi(what);

		if (kill(pid, 0) != 0 && errno == ESRCH) {
			fail(fmt("there is no process %d, and no such file", pid), NULL, NULL);
		}
		if (!find_in(pid, from)) {
			fail(fmt("process %d records no C memory", pid),
				"it was not started with heap profiling",
				"start it by `rcgo heap run` (with -any if it is not a Go "
				"program), or with "
				"RCGO=heap=on if it was built by `rcgo build --with=heap`");
		}
		h->running = true;
		h->process = pid;
		h->tables = from->at;
		return;
	}
	from->at = 0;
	from->fd = open(what, O_RDONLY | O_CLOEXEC);
	if (from->fd < 0) {
		fail(fmt("cannot open %s: %s", what, strerror(errno)), NULL,
			errno != ENOENT
				? NULL
				: "`rcgo heap run -o FILE` makes the file when a Go program "
				  "starts, and with -any in other programs too");
	}
}

static void
read_entries(struct heap *h, const struct source *from)
{
	const uint32_t *used = h->header.shard_used;
	struct rcgo_heap_entry *all;
	uint32_t end = 0;

	for (uint32_t shard = 0; shard < RCGO_HEAP_SHARDS; shard++) {
		if (used[shard] > RCGO_HEAP_SHARD_ENTRIES) {
			fail_damaged(from);
		}
		end = used[shard] > end ? used[shard] : end;
	}
	end = (end + RCGO_HEAP_RUN - 1) / RCGO_HEAP_RUN * RCGO_HEAP_RUN * RCGO_HEAP_SHARDS;
	all = read_part(from, h->header.entries, end, sizeof *all);
	h->entry = xalloc((end + 1) * sizeof *all);
	for (uint32_t shard = 0; shard < RCGO_HEAP_SHARDS; shard++) {
		for (uint32_t i = 0; i < used[shard]; i++) {
			const struct rcgo_heap_entry *entry = &all[rcgo_heap_entry_index(shard, i)];

			if (entry->address != 0 && entry->stack < h->header.stacks_used) {
				h->entry[h->entries++] = *entry;
			}
		}
	}
	free(all);
}

static void
check(const struct heap *h, const struct source *from)
{
	const struct rcgo_heap_header *r = &h->header;
	bool good = r->stacks_used <= RCGO_HEAP_STACKS && r->words_used <= RCGO_HEAP_WORDS &&
		    r->mappings_used <= RCGO_HEAP_MAPPINGS &&
		    r->modules_used <= RCGO_HEAP_MODULES && r->text_used <= RCGO_HEAP_TEXT;

	for (uint64_t i = 0; good && i < r->stacks_used; i++) {
		const struct rcgo_heap_stack *stack = &h->stack[i];

		good = stack->at <= r->words_used &&
		       (uint64_t)stack->c + stack->go <= r->words_used - stack->at &&
		       stack->modules <= r->modules_used;
	}
	for (uint64_t i = 0; good && i < r->mappings_used; i++) {
		good = h->mapping[i].stack < r->stacks_used;
	}
	for (uint64_t i = 0; good && i < r->modules_used; i++) {
		good = h->module[i].path < r->text_used;
	}
	if (!good) {
		fail_damaged(from);
	}
}

static void
add_up(struct heap *h)
{
	h->objects = xalloc((size_t)h->header.stacks_used * sizeof *h->objects + 1);
	h->bytes = xalloc((size_t)h->header.stacks_used * sizeof *h->bytes + 1);
	for (size_t i = 0; i < h->entries; i++) {
		const struct rcgo_heap_entry *e = &h->entry[i];

		h->objects[e->stack] += (double)e->weight;
		h->bytes[e->stack] += (double)e->weight * (double)e->size;
	}
	for (uint64_t i = 0; i < h->header.mappings_used; i++) {
		const struct rcgo_heap_mapping *m = &h->mapping[i];

		if (rcgo_heap_counts(m->state)) {
			h->objects[m->stack]++;
			h->bytes[m->stack] += (double)m->size;
		}
	}
}

void
heap_open(struct heap *h, const char *what)
{
	struct source from;
	struct rcgo_heap_header *header;
	char begin[sizeof magic - 1] = "";

	open_source(h, what, &from);
	if (pread(from.fd, begin, sizeof begin, (off_t)from.at) < 0) {
		fail(fmt("cannot read %s: %s", what, strerror(errno)), NULL, NULL);
	}
	check_magic(&from, begin);
	header = read_part(&from, 0, 1, sizeof *header);
	h->header = *header;
	free(header);
	if (h->header.stacks_used > RCGO_HEAP_STACKS || h->header.words_used > RCGO_HEAP_WORDS ||
		h->header.mappings_used > RCGO_HEAP_MAPPINGS ||
		h->header.modules_used > RCGO_HEAP_MODULES ||
		h->header.text_used > RCGO_HEAP_TEXT) {
		fail_damaged(&from);
	}
	h->stack = read_part(&from, h->header.stacks, h->header.stacks_used, sizeof *h->stack);
	h->word = read_part(&from, h->header.words, h->header.words_used, sizeof *h->word);
	h->mapping =
		read_part(&from, h->header.mappings, h->header.mappings_used, sizeof *h->mapping);
	h->module = read_part(&from, h->header.modules, h->header.modules_used, sizeof *h->module);
	h->text = read_part(&from, h->header.text, h->header.text_used, 1);
	h->text[h->header.text_used] = '\0';
	read_entries(h, &from);
	check(h, &from);
	add_up(h);
	close(from.fd);
}
