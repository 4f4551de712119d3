// SPDX-License-Identifier: BSD-3-Clause
// rcgo heap show PID: explains the resident memory (RSS) of a process. Each resident page
// belongs to one kind. The kinds come from the kernel's list of mappings, the tables of heap
// profiling, and the layout of libc's heaps in the process's memory.
#include "heap.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PRESENT ((uint64_t)1 << 63) // in /proc/PID/pagemap

// Secondary heaps of glibc's malloc are aligned to this size, on 64-bit systems.
#define ARENA_ALIGN ((uint64_t)64 << 20)
// The most that glibc's struct pthread has above its list of robust mutexes.
#define THREAD_DESCRIPTOR 4096
// Guard pages of a thread's stack are not larger.
#define GUARD_MOST ((uint64_t)1 << 20)
// Flags in a chunk's size (glibc malloc/malloc.c).
#define CHUNK_FLAGS 7
#define CHUNK_MAPPED 2

// An entry of /proc/PID/smaps, with all of its pages.
struct area {
	uint64_t start, end, resident;
	bool anonymous, accessible;
	char path[512];
	uint64_t *page; // words of /proc/PID/pagemap
	uint8_t *kind;	// enum heap_kind of each page
	double scale;	// resident bytes of a page that is present
};

struct memory {
	struct heap *h;
	pid_t pid;
	int mem, pagemap;
	uint64_t page;
	struct area *area;
	size_t n;
};

static bool
read_at(const struct memory *m, uint64_t address, void *to, size_t size)
{
	return pread(m->mem, to, size, (off_t)address) == (ssize_t)size;
}

// Parses the first line of an entry. Returns false for the lines that follow it.
static bool
parse_area(struct area *a, const char *line)
{
	char rights[8] = "";
	unsigned long inode = 0;
	int at = 0;

	*a = (struct area){0};
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %*s %*s %lu %n", &a->start, &a->end, rights,
		    &inode, &at) < 4) {
		return false;
	}
	snprintf(a->path, sizeof a->path, "%.*s", (int)strcspn(line + at, "\n"), line + at);
	a->accessible = strncmp(rights, "---", 3) != 0;
	// Shared anonymous memory has a name and an inode.
	a->anonymous = inode == 0 || has_prefix(a->path, "/dev/zero");
	return true;
}

static void
read_areas(struct memory *m)
{
	FILE *smaps = fopen(fmt("/proc/%d/smaps", (int)m->pid), "re");
	char *line = NULL;
	size_t room = 0, size = 0;
	uint64_t kib;

	while (smaps != NULL && getline(&line, &size, smaps) > 0) {
		struct area a;

		if (parse_area(&a, line)) {
			if (m->n == room) {
				room = room * 2 + 64;
				m->area = realloc(m->area, room * sizeof *m->area);
				if (m->area == NULL) {
					xalloc(SIZE_MAX);
				}
			}
			m->area[m->n++] = a;
		} else if (m->n > 0 && sscanf(line, "Rss: %" SCNu64, &kib) == 1) {
			m->area[m->n - 1].resident = kib << 10;
		}
	}
	free(line);
	if (smaps != NULL) {
		fclose(smaps);
	}
}

// Reads which pages of an area are present. Returns false if the kernel does not tell.
static bool
read_pages(struct memory *m, struct area *a)
{
	size_t pages = (size_t)((a->end - a->start) / m->page), present = 0;

	a->page = xalloc(pages * sizeof *a->page);
	a->kind = xalloc(pages);
	if (pread(m->pagemap, a->page, pages * sizeof *a->page,
		    (off_t)(a->start / m->page * sizeof *a->page)) !=
		(ssize_t)(pages * sizeof *a->page)) {
		return false;
	}
	for (size_t i = 0; i < pages; i++) {
		present += (a->page[i] & PRESENT) != 0;
	}
	// Pages that were only read are present, but are not counted as resident.
	a->scale = present == 0 ? 0 : (double)a->resident / (double)present;
	return true;
}

static struct area *
area_of(const struct memory *m, uint64_t address)
{
	size_t lo = 0, hi = m->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->area[mid].end > address) {
			hi = mid;
		} else {
			lo = mid + 1;
		}
	}
	return lo < m->n && m->area[lo].start <= address ? &m->area[lo] : NULL;
}

// Returns the resident bytes of a range.
static double
resident(const struct memory *m, uint64_t start, uint64_t end)
{
	double sum = 0;

	while (start < end) {
		const struct area *a = area_of(m, start);
		uint64_t next = (start / m->page + 1) * m->page, size;

		if (a == NULL) {
			return sum;
		}
		size = (next < end ? next : end) - start;
		if (a->page != NULL && (a->page[(start - a->start) / m->page] & PRESENT) != 0) {
			sum += a->scale * (double)size / (double)m->page;
		}
		start += size;
	}
	return sum;
}

// Gives the pages of a range that have no kind yet a kind.
static void
paint(struct memory *m, uint64_t start, uint64_t end, enum heap_kind kind)
{
	while (start < end) {
		struct area *a = area_of(m, start);
		uint64_t until;

		if (a == NULL) {
			return;
		}
		until = end < a->end ? end : a->end;
		for (uint64_t at = start; at < until && a->kind != NULL; at += m->page) {
			uint8_t *k = &a->kind[(at - a->start) / m->page];

			*k = *k == HEAP_OTHER ? (uint8_t)kind : *k;
		}
		start = until;
	}
}

static void
paint_recorded(struct memory *m)
{
	struct heap *h = m->h;

	paint(m, h->header.control, h->header.control + h->header.control_size, HEAP_PROFILING);
	for (uint64_t i = 0; i < h->header.mappings_used; i++) {
		const struct rcgo_heap_mapping *from = &h->mapping[i];

		if (from->state != RCGO_HEAP_RESERVED) {
			paint(m, from->start, from->start + from->size,
				from->state == RCGO_HEAP_OWN ? HEAP_GO : HEAP_MAPPED);
		}
	}
}

// Areas whose kind their name or their neighbours tell.
static void
paint_areas(struct memory *m)
{
	for (size_t i = 0; i < m->n; i++) {
		struct area *a = &m->area[i];
		const struct area *before = i > 0 && a[-1].end == a->start ? &a[-1] : NULL;
		enum heap_kind kind = HEAP_OTHER;

		if (a->start == m->h->tables) {
			kind = HEAP_PROFILING;
		} else if (strcmp(a->path, "[heap]") == 0) {
			kind = HEAP_MALLOC;
		} else if (has_prefix(a->path, "[stack")) {
			kind = HEAP_STACKS;
		} else if (has_prefix(a->path, "[anon: Go:")) {
			kind = HEAP_GO;
		} else if (!a->anonymous || (a->path[0] == '[' && a->path[1] == 'v')) {
			kind = HEAP_FILES;
		} else if (a->path[0] == '\0' && before != NULL && !before->anonymous &&
			   before->accessible) {
			kind = HEAP_FILES; // variables that are not in the file
		}
		if (kind != HEAP_OTHER) {
			paint(m, a->start, a->end, kind);
		}
	}
}

// The C stacks of threads. glibc keeps a thread's descriptor at the upper end of its stack, and the
// kernel knows an address in the descriptor.
static void
paint_stacks(struct memory *m)
{
	DIR *tasks = opendir(fmt("/proc/%d/task", (int)m->pid));

	for (struct dirent *e; tasks != NULL && (e = readdir(tasks)) != NULL;) {
		void *list = NULL;
		size_t size;
		uint64_t at, end;
		const struct area *a;

		if (!isdigit((unsigned char)e->d_name[0]) ||
			syscall(SYS_get_robust_list, atoi(e->d_name), &list, &size) != 0 ||
			list == NULL) {
			continue;
		}
		at = (uint64_t)(uintptr_t)list;
		a = area_of(m, at);
		end = (at + THREAD_DESCRIPTOR) & ~(m->page - 1);
		if (a != NULL && a->anonymous) {
			paint(m, a->start, end < a->end ? end : a->end, HEAP_STACKS);
		}
	}
	if (tasks != NULL) {
		closedir(tasks);
	}
	// libc keeps the stacks of threads that have ended, with their guard pages.
	for (size_t i = 1; i < m->n; i++) {
		const struct area *a = &m->area[i], *guard = a - 1;

		if (a->anonymous && a->accessible && a->path[0] == '\0' && guard->end == a->start &&
			guard->anonymous && !guard->accessible &&
			guard->end - guard->start <= GUARD_MOST) {
			paint(m, a->start, a->end, HEAP_STACKS);
		}
	}
}

// A heap of one of glibc's arenas starts with its arena, the heap before it, its size and
// the part of it that has access rights. Returns its end, or 0 if there is none.
static uint64_t
arena_end(const struct memory *m, uint64_t start)
{
	uint64_t head[4];

	if (!read_at(m, start, head, sizeof head) || head[0] % 16 != 0 || head[0] == 0 ||
		head[1] % ARENA_ALIGN != 0 || head[2] == 0 || head[2] % 4096 != 0 ||
		head[2] > head[3] || head[3] > ARENA_ALIGN) {
		return 0;
	}
	return start + head[3];
}

// A large block has a mapping of its own. Its size, with flags, is the second word.
static uint64_t
mapped_chunk_end(const struct memory *m, uint64_t start)
{
	uint64_t head[2], size;

	if (!read_at(m, start, head, sizeof head)) {
		return 0;
	}
	size = head[1] & ~(uint64_t)CHUNK_FLAGS;
	return head[0] < m->page && (head[1] & CHUNK_FLAGS) == CHUNK_MAPPED && size != 0 &&
			       size % m->page == 0
		       ? start + size
		       : 0;
}

static void
paint_malloc_in(struct memory *m, const struct area *a)
{
	uint64_t arena = (a->start + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1);
	uint64_t at = a->start;

	for (; arena < a->end; arena += ARENA_ALIGN) {
		uint64_t end = arena_end(m, arena);

		if (end != 0) {
			paint(m, arena, end < a->end ? end : a->end, HEAP_MALLOC);
		}
	}
	// Adjacent blocks are one area. A search stops where no block follows.
	while (at < a->end) {
		uint64_t end = a->kind[(at - a->start) / m->page] == HEAP_OTHER
				       ? mapped_chunk_end(m, at)
				       : at + m->page;

		if (end == 0 || end > a->end) {
			break;
		}
		paint(m, at, end, HEAP_MALLOC);
		at = end;
	}
}

static void
paint_malloc(struct memory *m)
{
	for (size_t i = 0; i < m->n; i++) {
		struct area *a = &m->area[i];

		if (a->page != NULL && a->anonymous && a->accessible) {
			paint_malloc_in(m, a);
		}
	}
	// Any other allocator that has no recorded mappings, such as that of musl.
	for (size_t i = 0; i < m->h->entries; i++) {
		const struct rcgo_heap_entry *e = &m->h->entry[i];

		paint(m, e->address & ~(m->page - 1), e->address + e->size, HEAP_MALLOC);
	}
}

static void
add_up(struct memory *m, struct heap_resident *r)
{
	struct heap *h = m->h;

	for (size_t i = 0; i < m->n; i++) {
		const struct area *a = &m->area[i];

		r->rss += (double)a->resident;
		for (uint64_t k = 0; a->page != NULL && k < (a->end - a->start) / m->page; k++) {
			if ((a->page[k] & PRESENT) != 0) {
				r->bytes[a->kind[k]] += a->scale;
			}
		}
	}
	for (size_t i = 0; i < h->entries; i++) {
		const struct rcgo_heap_entry *e = &h->entry[i];
		const struct area *a = area_of(m, e->address);

		if (a != NULL && a->page != NULL &&
			a->kind[(e->address - a->start) / m->page] == HEAP_MALLOC) {
			r->blocks +=
				(double)e->weight * resident(m, e->address, e->address + e->size);
		}
	}
	// An estimate may be above what there is.
	r->blocks = r->blocks < r->bytes[HEAP_MALLOC] ? r->blocks : r->bytes[HEAP_MALLOC];
	r->stack = xalloc((size_t)h->header.stacks_used * sizeof *r->stack + 1);
	for (uint64_t i = 0; i < h->header.mappings_used; i++) {
		const struct rcgo_heap_mapping *from = &h->mapping[i];

		if (rcgo_heap_counts(from->state)) {
			r->stack[from->stack] += resident(m, from->start, from->start + from->size);
		}
	}
}

bool
heap_find_resident(struct heap *h, struct heap_resident *r)
{
	struct memory m = {.h = h, .pid = h->process, .page = (uint64_t)getpagesize()};
	bool good;

	m.mem = open(fmt("/proc/%d/mem", (int)m.pid), O_RDONLY | O_CLOEXEC);
	m.pagemap = open(fmt("/proc/%d/pagemap", (int)m.pid), O_RDONLY | O_CLOEXEC);
	good = m.mem >= 0 && m.pagemap >= 0;
	if (good) {
		read_areas(&m);
	}
	for (size_t i = 0; good && i < m.n; i++) {
		good = m.area[i].resident == 0 || read_pages(&m, &m.area[i]);
	}
	if (good && m.n > 0) {
		paint_recorded(&m);
		paint_areas(&m);
		paint_stacks(&m);
		paint_malloc(&m);
		add_up(&m, r);
	}
	close(m.mem);
	close(m.pagemap);
	for (size_t i = 0; i < m.n; i++) {
		free(m.area[i].page);
		free(m.area[i].kind);
	}
	free(m.area);
	return good && m.n > 0;
}
