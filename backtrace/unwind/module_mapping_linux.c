// SPDX-License-Identifier: BSD-3-Clause
// Asks the kernel about mappings. Safe in signal handlers, on any stack.
// Contract: proc_pid_maps(5), and PROCMAP_QUERY of linux/fs.h (Linux 6.11).

//rcgo:small

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "module_internal.h"
#include "raw_syscall.h"
#include "syscall_trial.h"

// The query and its answer, in the kernel's layout.
struct procmap_request {
	uint64_t size, flags, address; // input
	uint64_t start, end, vma_flags, page_size, offset, inode;
	uint32_t major, minor;
	uint32_t name_size, build_id_size;
	uint64_t name, build_id;
};

#define PROCMAP_EXECUTABLE 4 // in vma_flags

_Static_assert(sizeof(struct procmap_request) == 0x68, "the kernel's layout");

#define PROCMAP_COVERING_OR_NEXT 0x10 // in flags

// A file has few segments, and mprotect may split each of them.
#define MAX_STEPS_DOWN 32
// Between segments the linker leaves holes, up to the largest page size of the CPU: 64 KiB on
// arm64, where the segments of small libraries are that far apart, and 2 MiB with some linkers on
// amd64.
#define MAX_HOLE (UINT64_C(4) << 20)

static bool
procmap_query(int fd, struct procmap_request *q, uint64_t address, uint64_t flags)
{
	q->size = sizeof *q;
	q->flags = flags;
	q->address = address;
	return syscall(SYS_ioctl, fd, RCGO_PROCMAP_QUERY, q) == 0;
}

// Stores in *q the last mapping that ends at or below *q. The kernel can only be asked for the next
// one above an address.
static bool
procmap_query_below(int fd, struct procmap_request *q)
{
	uint64_t start = q->start;
	struct procmap_request next;

	for (uint64_t step = 1; q->start >= start; step *= 4) {
		if (step > MAX_HOLE || step > start ||
			!procmap_query(fd, q, start - step, PROCMAP_COVERING_OR_NEXT)) {
			return false;
		}
	}
	for (int i = 0; i < MAX_STEPS_DOWN && q->end < start; i++) {
		next = *q;
		if (!procmap_query(fd, &next, q->end, PROCMAP_COVERING_OR_NEXT) ||
			next.start >= start) {
			return true;
		}
		*q = next;
	}
	return true;
}

// Returns the address of the file's first mapping, at or below that of at; 0 if it is not found.
static uintptr_t
query_header(int fd, const struct procmap_request *at)
{
	struct procmap_request q = *at;

	for (int i = 0; i < MAX_STEPS_DOWN && at->inode != 0; i++) {
		if (q.inode != at->inode || q.major != at->major || q.minor != at->minor) {
			break;
		}
		if (q.offset == 0) {
			return (uintptr_t)q.start;
		}
		if (!procmap_query_below(fd, &q)) {
			break;
		}
	}
	return 0;
}

enum rcgo_lookup_result
rcgo__mapping_query(int fd, uintptr_t address, struct rcgo_mapping *out, char *path, size_t cap)
{
	struct procmap_request q = {
		.name_size = (uint32_t)cap, .name = cap != 0 ? (uintptr_t)path : 0};

	if (!procmap_query(fd, &q, address, 0)) {
		return errno == ENOENT ? RCGO_LOOKUP_NO : RCGO_LOOKUP_NONE;
	}
	if (cap != 0 && q.name_size == 0) {
		path[0] = 0;
	}
	q.name_size = 0;
	q.name = 0;
	out->start = (uintptr_t)q.start;
	out->end = (uintptr_t)q.end;
	out->executable = (q.vma_flags & PROCMAP_EXECUTABLE) != 0;
	out->header = query_header(fd, &q);
	return RCGO_LOOKUP_YES;
}

struct maps_reader {
	int fd;
	size_t at, len;
	char buf[384]; // small: this runs on signal stacks
};

static int
next_char(struct maps_reader *r)
{
	if (r->at == r->len) {
		ssize_t n;

		do {
			n = read(r->fd, r->buf, sizeof r->buf);
		} while (n < 0 && errno == EINTR);
		if (n <= 0) {
			return -1;
		}
		r->len = (size_t)n;
		r->at = 0;
	}
	return (unsigned char)r->buf[r->at++];
}

// Reads a hexadecimal number and the character after it. A decimal number is read as hexadecimal
// too, which is sufficient for comparisons.
static uint64_t
next_number(struct maps_reader *r, int *end)
{
	uint64_t n = 0;
	int c = next_char(r);

	while ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) {
		n = n << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
		c = next_char(r);
	}
	*end = c;
	return n;
}

struct maps_line {
	uint64_t start, end, offset, major, minor, inode;
	int last; // the character after the inode
	bool executable;
};

// Reads a line up to the inode. Returns whether there is one.
static bool
next_line(struct maps_reader *r, struct maps_line *l)
{
	int c;

	l->start = next_number(r, &c);
	if (c != '-') {
		return false;
	}
	l->end = next_number(r, &c);
	l->executable = false;
	while ((c = next_char(r)) != ' ') { // rwxp
		if (c < 0) {
			return false;
		}
		l->executable |= c == 'x';
	}
	l->offset = next_number(r, &c);
	l->major = next_number(r, &c);
	l->minor = next_number(r, &c);
	l->inode = next_number(r, &c);
	l->last = c;
	return c >= 0;
}

// Reads the rest of a line. Stores the text after the spaces in path.
static void
finish_line(struct maps_reader *r, const struct maps_line *l, char *path, size_t cap)
{
	size_t n = 0;
	int c = l->last;

	while (c == ' ') {
		c = next_char(r);
	}
	while (c >= 0 && c != '\n') {
		if (n + 1 < cap) {
			path[n++] = (char)c;
		}
		c = next_char(r);
	}
	if (cap != 0) {
		path[n] = 0;
	}
}

bool
rcgo__mapping_read(int fd, uintptr_t address, struct rcgo_mapping *out, char *path, size_t cap)
{
	struct maps_reader r = {.fd = fd, .at = 0, .len = 0};
	struct maps_line before = {.start = 0};
	struct maps_line l;
	uintptr_t header = 0;

	while (next_line(&r, &l)) {
		bool here = address >= l.start && address < l.end;
		bool goes_on = l.inode == before.inode && l.major == before.major &&
			       l.minor == before.minor;

		if (l.inode == 0) {
			header = 0;
		} else if (l.offset == 0) {
			header = (uintptr_t)l.start;
		} else if (!goes_on) {
			header = 0;
		}
		finish_line(&r, &l, path, here ? cap : 0);
		if (here) {
			*out = (struct rcgo_mapping){
				(uintptr_t)l.start, (uintptr_t)l.end, header, l.executable};
			return true;
		}
		before = l;
	}
	return false;
}

bool
rcgo__mapping_find(uintptr_t address, struct rcgo_mapping *out, char *path, size_t cap)
{
	int saved = errno, cancel = rcgo__cancel_disable();
	int fd = rcgo__syscall_trial_passed() ? open("/proc/self/maps", O_RDONLY | O_CLOEXEC) : -1;
	bool found = false;

	if (fd >= 0) {
		enum rcgo_lookup_result answer = rcgo__mapping_query(fd, address, out, path, cap);

		found = answer == RCGO_LOOKUP_YES ||
			(answer == RCGO_LOOKUP_NONE &&
				rcgo__mapping_read(fd, address, out, path, cap));
		close(fd);
	}
	rcgo__cancel_restore(cancel);
	errno = saved;
	return found;
}

bool
rcgo__module_find_file(const char *name, char *path, size_t cap)
{
	int saved = errno, cancel = rcgo__cancel_disable();
	int fd = rcgo__syscall_trial_passed() ? open("/proc/self/maps", O_RDONLY | O_CLOEXEC) : -1;
	struct maps_reader r = {.fd = fd, .at = 0, .len = 0};
	struct maps_line l;
	bool found = false;

	while (fd >= 0 && !found && next_line(&r, &l)) {
		const char *slash;

		finish_line(&r, &l, path, cap);
		slash = strrchr(path, '/');
		found = l.executable && slash != NULL && strcmp(slash + 1, name) == 0;
	}
	if (fd >= 0) {
		close(fd);
	}
	rcgo__cancel_restore(cancel);
	errno = saved;
	return found;
}
