// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling: makes the tables, and switches sampling on and off.

//rcgo:small

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // MAP_ANONYMOUS, MFD_CLOEXEC
#endif
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

#include "heap_profiling.h"
#include "heap_record.h"
#include "raw_syscall.h"
#include "sanitizer.h"
#include "strbuf.h"

#ifndef MADV_WIPEONFORK // glibc 2.27
#	define MADV_WIPEONFORK 18
#endif
#ifndef MADV_POPULATE_WRITE // Linux 5.14
#	define MADV_POPULATE_WRITE 23
#endif
#define ADVICE_INVALID (-1)
#define PAGE_LEAST RCGO_HEAP_PAGE_LEAST
#define NAME_BYTES 1100 // more than RCGO=heap=file: accepts

#define ALIGN_UP(n) (((n) + PAGE_LEAST - 1) & ~(uint64_t)(PAGE_LEAST - 1))
#define EPOCH_SHIFT 48
#define EPOCHS (1 << 16) // number of distinct epochs; the first one means off

// Profiling has not been switched on yet: all is off.
static const struct {
	uint64_t on, track, filter_mask, rate, seed;
	struct rcgo_heap_header *header;
} never;
_Static_assert(sizeof never == offsetof(struct rcgo_heap_control, live), "the same members");

// owner: rcgo__heap_set_rate; lock: none, it changes once; ordering: release and acquire
RCGO_HEAP_DATA struct rcgo_heap_control *rcgo__heap_control =
	(struct rcgo_heap_control *)(uintptr_t)&never;

// owner: rcgo__heap_set_rate; lock: itself; ordering: its own
static uint32_t setting;

// The number of times that the rate was set. A slot of an earlier epoch draws a new countdown.
// owner: rcgo__heap_set_rate; lock: setting; ordering: none
static uint64_t epoch;

// The process that made the tables, if the kernel does not clear the state in its children.
// owner: rcgo__heap_set_rate; lock: setting; ordering: before rcgo__heap_control
static long unwiped_pid;

static bool
is_on_once(const struct rcgo_heap_control *control)
{
	return control != (struct rcgo_heap_control *)(uintptr_t)&never;
}

bool
rcgo__heap_is_child(const struct rcgo_heap_control *control)
{
	return rcgo_load_rlx(&control->header) == NULL ||
	       (unwiped_pid != 0 && rcgo__raw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0) != unwiped_pid);
}

static void *
map_pages(long size, long flags, long fd)
{
	long p = rcgo__raw_syscall(
		SYS_mmap, 0, size, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE, fd, 0);

	return (unsigned long)p >= -4095UL ? NULL : (void *)p;
}

static void
unmap_pages(void *p, size_t size)
{
	rcgo__raw_syscall(SYS_munmap, (long)p, (long)size, 0, 0, 0, 0);
}

static struct rcgo_heap_control *
make_control(void)
{
	struct rcgo_heap_control *control =
		map_pages(sizeof *control, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	long p = (long)control;

	if (control == NULL) {
		return NULL;
	}
	// An emulator may accept any advice and ignore it.
	if (rcgo__raw_syscall(SYS_madvise, p, sizeof *control, MADV_WIPEONFORK, 0, 0, 0) != 0 ||
		rcgo__raw_syscall(SYS_madvise, p, sizeof *control, ADVICE_INVALID, 0, 0, 0) == 0) {
		unwiped_pid = rcgo__raw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0);
	}
	return control;
}

// Returns whether the file has the tables of another process that runs, such as the parent of this
// one, whose environment it has.
static bool
is_in_use(const char *path)
{
	struct {
		char magic[sizeof RCGO_HEAP_MAGIC - 1];
		uint64_t size, pid;
	} head;
	long fd = rcgo__raw_syscall(
		     SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0, 0, 0),
	     got;

	if (fd < 0) {
		return false;
	}
	got = rcgo__raw_syscall(SYS_read, fd, (long)&head, sizeof head, 0, 0, 0);
	rcgo__raw_syscall(SYS_close, fd, 0, 0, 0, 0, 0);
	return got == sizeof head && memcmp(head.magic, RCGO_HEAP_MAGIC, sizeof head.magic) == 0 &&
	       (long)head.pid != rcgo__raw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0) &&
	       rcgo__raw_syscall(SYS_kill, (long)head.pid, 0, 0, 0, 0, 0) != -ESRCH;
}

static bool
is_regular(const char *path)
{
	struct stat info;

	return rcgo__raw_syscall(SYS_newfstatat, AT_FDCWD, (long)path, (long)&info,
		       AT_SYMLINK_NOFOLLOW, 0, 0) == 0 &&
	       S_ISREG(info.st_mode);
}

// Creates the named file. An old one is removed, not truncated: a process may have it mapped. If
// one is in use, the new file has the process id at the end of its name. A write to a page
// for which the disk has no room would end the process by SIGBUS, so the disk must have room
// for the whole file.
static long
create_file(const char *path, uint64_t size)
{
	char other[NAME_BYTES];
	struct rcgo_strbuf t = rcgo__strbuf_init(other, sizeof other);
	struct statfs disk;
	long fd;

	if (is_in_use(path)) {
		rcgo__append_str(&t, path);
		rcgo__append_str(&t, ".");
		rcgo__append_uint(&t, (uint64_t)rcgo__raw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0), 0);
		path = other;
	}
	if (is_regular(path)) {
		rcgo__raw_syscall(SYS_unlinkat, AT_FDCWD, (long)path, 0, 0, 0, 0);
	}
	fd = rcgo__raw_syscall(SYS_openat, AT_FDCWD, (long)path,
		O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, 0, 0);
	if (fd >= 0 && rcgo__raw_syscall(SYS_fstatfs, fd, (long)&disk, 0, 0, 0, 0) == 0 &&
		disk.f_blocks != 0 && (uint64_t)disk.f_bavail * (uint64_t)disk.f_bsize < size) {
		rcgo__raw_syscall(SYS_close, fd, 0, 0, 0, 0, 0);
		rcgo__raw_syscall(SYS_unlinkat, AT_FDCWD, (long)path, 0, 0, 0, 0);
		return -ENOSPC;
	}
	return fd;
}

// Opens the file for the tables: the named one, or one in memory. Returns the descriptor, or
// -errno. A file above the size limit would end the process by SIGXFSZ.
static long
open_file(const char *path, uint64_t size)
{
	struct rlimit limit;
	long fd, err;

	if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur < size) {
		return -EFBIG;
	}
	fd = path != NULL ? create_file(path, size)
			  : rcgo__raw_syscall(SYS_memfd_create, (long)RCGO_HEAP_FILE,
				    1 /* MFD_CLOEXEC */, 0, 0, 0, 0);
	if (fd < 0) {
		return fd;
	}
	err = rcgo__raw_syscall(SYS_ftruncate, fd, (long)size, 0, 0, 0, 0);
	if (err < 0) {
		rcgo__raw_syscall(SYS_close, fd, 0, 0, 0, 0, 0);
		return err;
	}
	return fd;
}

// The tables after the header, in this order.
enum { ENTRIES, STACKS, WORDS, MAPPINGS, MODULES, TEXT, TABLES };

// Stores the positions of the tables. Returns the size of all.
static uint64_t
lay_out(uint64_t position[TABLES])
{
	static const uint64_t size[TABLES] = {
		(uint64_t)RCGO_HEAP_SHARDS * RCGO_HEAP_SHARD_ENTRIES *
			sizeof(struct rcgo_heap_entry),
		RCGO_HEAP_STACKS * sizeof(struct rcgo_heap_stack),
		RCGO_HEAP_WORDS * sizeof(uint64_t),
		RCGO_HEAP_MAPPINGS * sizeof(struct rcgo_heap_mapping),
		RCGO_HEAP_MODULES * sizeof(struct rcgo_heap_module),
		RCGO_HEAP_TEXT,
	};
	uint64_t at = ALIGN_UP(sizeof(struct rcgo_heap_header));

	for (size_t i = 0; i < TABLES; i++) {
		position[i] = at;
		at += ALIGN_UP(size[i]);
	}
	return at;
}

_Static_assert(sizeof(struct rcgo_heap_entry) * RCGO_HEAP_SHARDS * RCGO_HEAP_SHARD_ENTRIES +
			       sizeof(struct rcgo_heap_stack) * RCGO_HEAP_STACKS +
			       sizeof(uint64_t) * RCGO_HEAP_WORDS +
			       sizeof(struct rcgo_heap_mapping) * RCGO_HEAP_MAPPINGS +
			       sizeof(struct rcgo_heap_module) * RCGO_HEAP_MODULES +
			       RCGO_HEAP_TEXT + 8 * PAGE_LEAST <
		       (uint64_t)RCGO_HEAP_PAGES_MOST * PAGE_LEAST,
	"on_disk has a bit for each page");

// Before Linux 5.14 only create_file looks for room.
bool
rcgo__heap_take_room(struct rcgo_heap_control *control, const void *part, size_t size)
{
	uint64_t page = control->disk_page, start = (uint64_t)(uintptr_t)control->header;
	uint64_t from = ((uint64_t)(uintptr_t)part - start) / page;
	uint64_t to = ((uint64_t)(uintptr_t)part - start + size - 1) / page;

	for (uint64_t i = from; i <= to; i++) {
		uint64_t bit = (uint64_t)1 << i % 64, *word = &control->on_disk[i / 64];
		long err;

		if ((rcgo_load_rlx(word) & bit) != 0) {
			continue;
		}
		err = rcgo__raw_syscall(SYS_madvise, (long)(start + i * page), (long)page,
			MADV_POPULATE_WRITE, 0, 0, 0);
		if (err != 0 && err != -EINVAL) {
			return false;
		}
		__atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
	}
	return true;
}

// The tables of a file begin with room for some records.
static bool
take_first_room(struct rcgo_heap_control *control, const struct rcgo_heap_header *header,
	const uint64_t position[TABLES])
{
	for (size_t i = 0; i < TABLES; i++) {
		size_t size = i == ENTRIES ? (size_t)RCGO_HEAP_SHARDS * RCGO_HEAP_RUN *
						     sizeof(struct rcgo_heap_entry)
					   : PAGE_LEAST;

		if (!rcgo__heap_has_room(control, (const char *)header + position[i], size)) {
			return false;
		}
	}
	return rcgo__heap_has_room(control, header, sizeof *header);
}

static int
make_tables(struct rcgo_heap_control *control, const char *path)
{
	uint64_t position[TABLES], size = lay_out(position);
	struct timespec now = {0};
	struct rcgo_heap_header *header;
	long fd = open_file(path, size);

	if (fd < 0 && path != NULL) {
		return (int)fd;
	}
	header = map_pages(
		(long)size, fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd < 0 ? -1 : fd);
	if (fd >= 0) {
		rcgo__raw_syscall(SYS_close, fd, 0, 0, 0, 0, 0);
	}
	if (header == NULL) {
		return -ENOMEM;
	}
	// The pages are touched one here, one there. Without this, Linux reads 32 pages of a file
	// around each.
	rcgo__raw_syscall(SYS_madvise, (long)header, (long)size, MADV_RANDOM, 0, 0, 0);
	control->header = header;
	control->disk_page = path == NULL ? 0 : rcgo__heap_page();
	if (!take_first_room(control, header, position)) {
		unmap_pages(header, size);
		return -ENOSPC;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	header->size = size;
	header->pid = (uint64_t)rcgo__raw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0);
	header->started = (uint64_t)now.tv_sec;
	header->entries = position[ENTRIES];
	header->stacks = position[STACKS];
	header->words = position[WORDS];
	header->mappings = position[MAPPINGS];
	header->modules = position[MODULES];
	header->text = position[TEXT];
	header->stacks_used = 1;
	header->control = (uint64_t)(uintptr_t)control;
	header->control_size = sizeof *control;
	control->seed = (uint64_t)now.tv_nsec ^ header->pid << 32 ^ (uintptr_t)control;
	control->stack_hash_size = RCGO_HEAP_STACK_HASH_FIRST;
	memcpy(header->magic, RCGO_HEAP_MAGIC, sizeof header->magic);
	return 0;
}

static int
start(const char *path)
{
	struct rcgo_heap_control *control = make_control();
	int err = control == NULL ? -ENOMEM : make_tables(control, path);

	if (err != 0) {
		if (control != NULL) {
			unmap_pages(control, sizeof *control);
		}
		return err;
	}
	rcgo_store_rel(&rcgo__heap_control, control);
	return 0;
}

int
rcgo__heap_set_rate(uint64_t rate, const char *path)
{
	struct rcgo_heap_control *control;
	int saved = errno, err = 0;

	if (RCGO_SANITIZED && rate != 0) {
		return -ENOTSUP;
	}
	if (!rcgo__heap_lock(&setting)) {
		return -EBUSY;
	}
	if (!is_on_once(rcgo_load_acq(&rcgo__heap_control)) && rate != 0) {
		err = start(path);
	}
	control = rcgo_load_acq(&rcgo__heap_control);
	if (err == 0 && is_on_once(control)) {
		if (rcgo__heap_is_child(control)) {
			err = rate == 0 ? 0 : -ENOTSUP;
		} else {
			epoch += (epoch + 1) % EPOCHS == 0 ? 2 : 1;
			rcgo_store_rlx(&control->rate, rate);
			rcgo_store_rlx(&control->header->rate, rate);
			rcgo_store_rel(&control->track, epoch << EPOCH_SHIFT);
			if (rcgo_load_rlx(&control->filter_mask) == 0) {
				rcgo_store_rel(&control->filter_mask, RCGO_HEAP_FILTER_LARGE);
			}
			rcgo_store_rel(&control->on, rate == 0 ? 0 : epoch << EPOCH_SHIFT);
		}
	}
	rcgo__heap_unlock(&setting);
	errno = saved;
	return err;
}

void
rcgo__heap_note_go_module(uintptr_t module)
{
	struct rcgo_heap_control *control = rcgo_load_acq(&rcgo__heap_control);

	if (!is_on_once(control) || module == 0) {
		return;
	}
	for (size_t i = 0; i < RCGO_HEAP_GO_MODULES; i++) {
		struct rcgo_heap_go_module *copy = &control->header->go_module[i];

		if (copy->address == 0) {
			memcpy(copy->bytes, (const void *)module, sizeof copy->bytes);
			rcgo_store_rel(&copy->address, module);
			return;
		}
	}
}

const void *
rcgo_heap_tables(size_t *size)
{
	struct rcgo_heap_control *control = rcgo_load_acq(&rcgo__heap_control);

	*size = 0;
	if (!is_on_once(control) || rcgo__heap_is_child(control)) {
		return NULL;
	}
	*size = control->header->size;
	return control->header;
}
