// SPDX-License-Identifier: BSD-3-Clause
// Asks the kernel about mappings, on FreeBSD. Safe in signal handlers, on any stack: the answer for
// the whole process goes to memory that is mapped for it.
// Contract: sysctl(3) kern.proc.vmmap, which lists the mappings in ascending order, each in a
// record that starts with its own size.

//rcgo:small

#include <sys/types.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysctl.h>
#include <sys/user.h>
#include <unistd.h>

#include "module_internal.h"
#include "raw_syscall.h"

// The size of the first buffer, and how often a larger one is tried: other threads may map more.
#define FIRST_SIZE ((size_t)256 << 10)
#define TRIES 4

// Reads the list of mappings. Returns its size, and the buffer in *at, or 0.
static size_t
list_read(char **at, size_t *room)
{
	int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_VMMAP, (int)getpid()};

	*room = FIRST_SIZE;
	for (int i = 0; i < TRIES; i++) {
		size_t size = *room;

		*at = mmap(NULL, *room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (*at == MAP_FAILED) {
			return 0;
		}
		if (sysctl(name, 4, *at, &size, NULL, 0) == 0) {
			return size;
		}
		munmap(*at, *room);
		if (errno != ENOMEM) {
			return 0;
		}
		*room *= 4;
	}
	return 0;
}

static void
path_copy(const char *from, char *path, size_t cap)
{
	size_t n = 0;

	while (n + 1 < cap && from[n] != 0) {
		path[n] = from[n];
		n++;
	}
	if (cap != 0) {
		path[n] = 0;
	}
}

// Searches the list for the mapping that contains address.
static bool
list_search(const char *list, size_t size, uintptr_t address, struct rcgo_mapping *out, char *path,
	size_t cap)
{
	uintptr_t header = 0;
	uint64_t file = 0, device = 0;

	for (size_t i = 0; i + sizeof(int) <= size;) {
		const struct kinfo_vmentry *e = (const void *)(list + i);

		if (e->kve_structsize <= 0) {
			break;
		}
		if (e->kve_type != KVME_TYPE_VNODE) {
			header = 0;
		} else if (e->kve_offset == 0) {
			header = (uintptr_t)e->kve_start;
		} else if (e->kve_vn_fileid != file || e->kve_vn_fsid != device) {
			header = 0;
		}
		file = e->kve_vn_fileid;
		device = e->kve_vn_fsid;
		if (address >= e->kve_start && address < e->kve_end) {
			*out = (struct rcgo_mapping){(uintptr_t)e->kve_start, (uintptr_t)e->kve_end,
				header, (e->kve_protection & KVME_PROT_EXEC) != 0};
			path_copy(e->kve_path, path, cap);
			return true;
		}
		i += (size_t)e->kve_structsize;
	}
	return false;
}

bool
rcgo__mapping_find(uintptr_t address, struct rcgo_mapping *out, char *path, size_t cap)
{
	int saved = errno;
	char *list;
	size_t room, size = list_read(&list, &room);
	bool found = false;

	if (size != 0) {
		found = list_search(list, size, address, out, path, cap);
		munmap(list, room);
	}
	errno = saved;
	return found;
}

// No compiler's profile file is known there.
bool
rcgo__module_find_file(RCGO_UNUSED const char *name, RCGO_UNUSED char *path, RCGO_UNUSED size_t cap)
{
	return false;
}
