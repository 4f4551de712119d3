// SPDX-License-Identifier: BSD-3-Clause
// Parses the files in which just-in-time compilers name their code. Runs on any stack, also in
// signal handlers.

#include "jit_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define JIT_BUFFER ((size_t)16 << 10)
#define JIT_ENTRIES_FIRST 4096u
#define JIT_ENTRIES_MOST (1u << 20)
// A lookup searches the entries that were added since the last sort one by one.
#define JIT_UNSORTED 256u
// The bytes that one lookup reads at most.
#define JIT_READ_MOST ((uint64_t)64 << 20)
#define JIT_NAME_MOST 1024u

static size_t
jit_read(int fd, void *buf, size_t size, uint64_t at)
{
	// pread is not in POSIX's list of functions for signal handlers.
	ssize_t n = lseek(fd, (off_t)at, SEEK_SET) < 0 ? -1 : read(fd, buf, size);

	return n > 0 ? (size_t)n : 0;
}

static bool
jit_is_before(const struct rcgo_jit_entry *a, const struct rcgo_jit_entry *b)
{
	return a->start != b->start ? a->start < b->start : a->number < b->number;
}

static void
jit_sift(struct rcgo_jit_entry *entries, uint32_t at, uint32_t count)
{
	struct rcgo_jit_entry moved = entries[at];

	for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && jit_is_before(&entries[child], &entries[child + 1])) {
			child++;
		}
		if (!jit_is_before(&moved, &entries[child])) {
			break;
		}
		entries[at] = entries[child];
	}
	entries[at] = moved;
}

// Heap sort: needs no memory.
static void
jit_order(struct rcgo_jit_entry *entries, uint32_t count)
{
	for (uint32_t i = count / 2; i > 0; i--) {
		jit_sift(entries, i - 1, count);
	}
	for (uint32_t n = count; n > 1; n--) {
		struct rcgo_jit_entry last = entries[n - 1];

		entries[n - 1] = entries[0];
		entries[0] = last;
		jit_sift(entries, 0, n - 1);
	}
}

// Orders all entries and cuts those that later ones overlap.
static void
jit_sort(struct rcgo_jit_file *file)
{
	uint32_t kept = 0;

	jit_order(file->entries, file->count);
	for (uint32_t i = 0; i < file->count; i++) {
		struct rcgo_jit_entry next = file->entries[i];

		while (kept > 0 && next.start < next.end) {
			struct rcgo_jit_entry *last = &file->entries[kept - 1];

			if (last->end <= next.start) {
				break;
			}
			if (last->number > next.number) {
				next.start = last->end < next.end ? last->end : next.end;
				break;
			}
			last->end = next.start;
			kept -= last->start == last->end;
		}
		if (next.start < next.end) {
			file->entries[kept++] = next;
		}
	}
	file->count = file->sorted = kept;
}

static bool
jit_has_room(struct rcgo_jit_file *file, struct rcgo_arena *arena)
{
	uint32_t cap = file->cap == 0 ? JIT_ENTRIES_FIRST : 2 * file->cap;
	struct rcgo_jit_entry *entries;

	if (file->count < file->cap) {
		return true;
	}
	jit_sort(file); // code memory is reused, so old entries may be gone
	if (file->count < file->cap / 4 * 3) {
		return true;
	}
	entries = cap <= JIT_ENTRIES_MOST ? rcgo__arena_alloc(arena, cap * sizeof *entries) : NULL;
	if (entries == NULL) {
		return false;
	}
	if (file->count != 0) {
		memcpy(entries, file->entries, file->count * sizeof *entries);
	}
	file->entries = entries;
	file->cap = cap;
	return true;
}

static void
jit_add(struct rcgo_jit_file *file, struct rcgo_arena *arena, struct rcgo_jit_entry entry)
{
	if (entry.start >= entry.end) {
		return;
	}
	if (!jit_has_room(file, arena)) {
		file->broken = true;
		return;
	}
	entry.number = file->next_number++;
	if (entry.name_size > JIT_NAME_MOST) {
		entry.name_size = JIT_NAME_MOST;
	}
	file->entries[file->count++] = entry;
}

static const struct rcgo_jit_entry *
jit_find(struct rcgo_jit_file *file, uint64_t pc)
{
	uint32_t low = 0, high;

	if (file->count - file->sorted > JIT_UNSORTED) {
		jit_sort(file);
	}
	for (uint32_t i = file->count; i > file->sorted; i--) {
		if (pc - file->entries[i - 1].start <
			file->entries[i - 1].end - file->entries[i - 1].start) {
			return &file->entries[i - 1];
		}
	}
	for (high = file->sorted; low < high;) {
		uint32_t middle = low + (high - low) / 2;

		if (file->entries[middle].start <= pc) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low > 0 && pc < file->entries[low - 1].end ? &file->entries[low - 1] : NULL;
}

// perf-PID.map.

static bool
map_number(const uint8_t *line, size_t size, size_t *at, uint64_t *number)
{
	size_t first;

	if (size - *at >= 2 && line[*at] == '0' && (line[*at + 1] | 0x20) == 'x') {
		*at += 2;
	}
	first = *at;
	for (*number = 0; *at < size && *at - first < 16; ++*at) {
		uint8_t c = line[*at] | 0x20;

		if (c >= '0' && c <= '9') {
			*number = *number << 4 | (uint64_t)(c - '0');
		} else if (c >= 'a' && c <= 'f') {
			*number = *number << 4 | (uint64_t)(c - 'a' + 10);
		} else {
			break;
		}
	}
	return *at > first && *at < size && line[(*at)++] == ' ';
}

// Adds one line, which begins at file offset start.
static void
map_line(struct rcgo_jit_file *file, struct rcgo_arena *arena, const uint8_t *line, size_t size,
	uint64_t start)
{
	uint64_t address, bytes;
	size_t at = 0;

	if (map_number(line, size, &at, &address) && map_number(line, size, &at, &bytes) &&
		at < size && address + bytes >= address) {
		jit_add(file, arena,
			(struct rcgo_jit_entry){.start = address,
				.end = address + bytes,
				.name = start + at,
				.name_size = (uint32_t)(size - at)});
	}
}

// Adds the complete lines of one buffer. Returns how many of its bytes are done.
static size_t
map_lines(struct rcgo_jit_file *file, struct rcgo_arena *arena, const uint8_t *buf, size_t size)
{
	size_t done = 0;
	const uint8_t *end;

	while (done < size && (end = memchr(buf + done, '\n', size - done)) != NULL) {
		if (!file->long_line) {
			map_line(file, arena, buf + done, (size_t)(end - buf) - done,
				file->read + done);
		}
		file->long_line = false;
		done = (size_t)(end - buf) + 1;
	}
	if (done == 0 && size == JIT_BUFFER) { // the name of such a line is cut
		if (!file->long_line) {
			map_line(file, arena, buf, size, file->read);
		}
		file->long_line = true;
		done = size;
	}
	return done;
}

static void
map_read(struct rcgo_jit_file *file, struct rcgo_arena *arena, int fd, uint64_t size)
{
	uint64_t end = size - file->read > JIT_READ_MOST ? file->read + JIT_READ_MOST : size;

	if (file->buffer == NULL) {
		file->buffer = rcgo__arena_alloc(arena, JIT_BUFFER);
	}
	if (file->buffer == NULL) {
		return;
	}
	while (file->read < end && !file->broken) {
		size_t n = jit_read(fd, file->buffer, JIT_BUFFER, file->read);
		size_t done = map_lines(file, arena, file->buffer, n);

		if (done == 0) {
			break; // the last line is being written
		}
		file->read += done;
	}
}

// jit-PID.dump.

#define DUMP_MAGIC 0x4a695444u
#define DUMP_VERSION 1u
#define DUMP_LOAD 0u
#define DUMP_MOVE 1u

struct dump_header {
	uint32_t magic, version, size, machine, padding, pid;
	uint64_t timestamp, flags;
};

struct dump_record {
	uint32_t id, size;
	uint64_t timestamp;
	uint32_t pid, tid;
	uint64_t vma;
	union {
		struct {
			uint64_t start, size, index; // the name follows
		} load;
		struct {
			uint64_t from, to, size, index;
		} move;
	};
};
#define DUMP_RECORD_HEAD 16u
#define DUMP_LOAD_SIZE 56u
_Static_assert(offsetof(struct dump_record, load.index) + 8 == DUMP_LOAD_SIZE, "the file's layout");

static void
dump_record(struct rcgo_jit_file *file, struct rcgo_arena *arena, const struct dump_record *r)
{
	const struct rcgo_jit_entry *old;
	struct rcgo_jit_entry entry;

	if (r->id == DUMP_LOAD && r->size > DUMP_LOAD_SIZE) {
		jit_add(file, arena,
			(struct rcgo_jit_entry){.start = r->load.start,
				.end = r->load.start + r->load.size,
				.name = file->read + DUMP_LOAD_SIZE,
				.name_size = r->size - DUMP_LOAD_SIZE});
	} else if (r->id == DUMP_MOVE && r->size >= sizeof *r &&
		   (old = jit_find(file, r->move.from)) != NULL) {
		entry = *old;
		entry.start = r->move.to;
		entry.end = r->move.to + r->move.size;
		jit_add(file, arena, entry);
	}
}

static void
dump_read(struct rcgo_jit_file *file, struct rcgo_arena *arena, int fd, uint64_t size)
{
	struct dump_header header = {0};
	struct dump_record record;

	if (file->read == 0) {
		if (jit_read(fd, &header, sizeof header, 0) < sizeof header) {
			return;
		}
		file->broken = header.magic != DUMP_MAGIC || header.version != DUMP_VERSION ||
			       header.size < sizeof header;
		file->read = header.size;
	}
	while (!file->broken && file->read + DUMP_RECORD_HEAD <= size) {
		record = (struct dump_record){0};
		if (jit_read(fd, &record, sizeof record, file->read) < DUMP_RECORD_HEAD ||
			file->read + record.size > size) {
			return; // the record is being written
		}
		if (record.size < DUMP_RECORD_HEAD) {
			file->broken = true;
			return;
		}
		dump_record(file, arena, &record);
		file->read += record.size;
	}
}

// Lookup.

static size_t
jit_copy_name(int fd, const struct rcgo_jit_entry *entry, char *text, size_t size)
{
	size_t n = entry->name_size < size - 1 ? entry->name_size : size - 1;

	n = jit_read(fd, text, n, entry->name);
	text[n] = 0;
	n = strlen(text);
	for (size_t i = 0; i < n; i++) {
		text[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
	}
	return n;
}

// Starts again if it is another file than before, or was written anew.
static void
jit_follow(struct rcgo_jit_file *file, const struct stat *st)
{
	if (st->st_dev != file->device || st->st_ino != file->inode ||
		(uint64_t)st->st_size < file->read) {
		*file = (struct rcgo_jit_file){.entries = file->entries,
			.cap = file->cap,
			.buffer = file->buffer,
			.device = st->st_dev,
			.inode = st->st_ino};
	}
}

size_t
rcgo__jit_file_name(struct rcgo_jit_file *file, enum rcgo_jit_form form, struct rcgo_arena *arena,
	int fd, const struct stat *st, uint64_t pc, char *text, size_t size, uint64_t *start)
{
	const struct rcgo_jit_entry *entry;
	uint64_t end = (uint64_t)st->st_size;
	int saved = errno;
	size_t n = 0;

	jit_follow(file, st);
	if (end > file->read && !file->broken && form == RCGO_JIT_MAP) {
		map_read(file, arena, fd, end);
	} else if (end > file->read && !file->broken) {
		dump_read(file, arena, fd, end);
	}
	entry = jit_find(file, pc);
	if (entry != NULL) {
		*start = entry->start;
		n = jit_copy_name(fd, entry, text, size);
	}
	errno = saved;
	return n;
}
