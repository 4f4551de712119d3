// SPDX-License-Identifier: BSD-3-Clause
// Opens ELF images: files, each with a window, and the vDSO. Runs on any stack, also in signal
// handlers.

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "elf_reader.h"
#include "kernel.h"
#include "raw_syscall.h"

// Maps the regular file fd. Returns 0, or -errno.
static int
elf_map_file(int fd, size_t size, struct rcgo_bytes *image)
{
	void *at = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	struct rcgo_file_window *window;

	if (at == MAP_FAILED) {
		return -errno;
	}
	window = rcgo__file_window_open(at, size);
	if (window == NULL) {
		munmap(at, size);
		return -ENOMEM;
	}
	*image = (struct rcgo_bytes){.at = window->copy, .size = size, .window = window};
	return 0;
}

// Which owners' files are trusted.
struct elf_trust {
	bool any;
	uint32_t owner;
};

static bool
elf_is_trusted(const struct stat *st, const struct elf_trust *trust)
{
	bool group = (st->st_mode & S_IWGRP) != 0, others = (st->st_mode & S_IWOTH) != 0;

	if (trust->any) {
		return true;
	}
	if (rcgo__kernel_is_secure()) {
		return st->st_uid == 0 && !group && !others;
	}
	// Many systems give each user a private group. Other members of that group cannot be
	// detected here.
	return !others && (!group || st->st_gid == getegid()) &&
	       (st->st_uid == 0 || st->st_uid == geteuid() || st->st_uid == trust->owner);
}

// Returns the flags to open path with, or -1 if it must not be opened. A program that runs as root
// follows no link that a user could have made, because opening a device can already have an effect.
static int
elf_open_flags(const char *path, const struct elf_trust *trust)
{
	static const char system[] = "/usr/";
	bool in_system =
		strncmp(path, system, sizeof system - 1) == 0 && strstr(path, "/../") == NULL;

	if (trust->any || (in_system && !rcgo__kernel_is_secure())) {
		return 0;
	}
	if (path[0] != '/' || (!in_system && rcgo__kernel_is_secure())) {
		return -1;
	}
	return in_system || geteuid() == 0 ? O_NOFOLLOW : 0;
}

// Opens the regular file at path. Returns 0, or -errno.
static int
elf_open_file(
	const char *path, const struct elf_trust *trust, struct rcgo_bytes *image, uint32_t *owner)
{
	int flags = elf_open_flags(path, trust);
	// By now the path may refer to anything, for example a pipe. The open must not block.
	int fd = flags < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
	struct stat st = {0};
	int err;

	if (fd < 0) {
		return flags < 0 ? -EPERM : -errno;
	}
	err = (int)rcgo__kernel_fstat(fd, &st);
	if (err == 0 && (!S_ISREG(st.st_mode) || st.st_size <= 0)) {
		err = -ENOEXEC;
	} else if (err == 0 && !elf_is_trusted(&st, trust)) {
		err = -EPERM;
	} else if (err == 0) {
		err = elf_map_file(fd, (size_t)st.st_size, image);
	}
	close(fd);
	*owner = st.st_uid;
	return err;
}

static int
elf_open(struct rcgo_elf *elf, const char *path, const struct elf_trust *trust)
{
	int saved = errno;
	struct rcgo_bytes image = {0};
	uint32_t owner = 0;
	int err = elf_open_file(path, trust, &image, &owner);

	*elf = (struct rcgo_elf){0};
	if (err == 0) {
		err = rcgo__elf_from_memory(elf, image);
		elf->owner = owner;
		if (err != 0) {
			rcgo__file_window_close(image.window);
		}
	}
	errno = saved;
	return err;
}

int
rcgo__elf_open(struct rcgo_elf *elf, const char *path)
{
	const struct elf_trust any = {.any = true};

	return elf_open(elf, path, &any);
}

int
rcgo__elf_open_trusted(struct rcgo_elf *elf, const char *path, uint32_t owner)
{
	const struct elf_trust trust = {.owner = owner};

	return elf_open(elf, path, &trust);
}

void
rcgo__elf_close(struct rcgo_elf *elf)
{
	int saved = errno;

	if (elf->image.window != NULL) {
		rcgo__file_window_close(elf->image.window);
	}
	*elf = (struct rcgo_elf){0};
	errno = saved;
}

// The kernel maps the vDSO in whole pages, as one segment that starts with the ELF header.
int
rcgo__elf_from_vdso(struct rcgo_elf *elf)
{
	int saved = errno;
	const uint8_t *at = (const uint8_t *)rcgo__kernel_auxv(RCGO_AUXV_VDSO);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct rcgo_segment segment;
	size_t size = 0;

	errno = saved;
	*elf = (struct rcgo_elf){0};
	if (at == NULL ||
		rcgo__elf_from_memory(elf, (struct rcgo_bytes){.at = at, .size = page}) != 0) {
		return -ENOENT;
	}
	for (uint32_t i = 0; rcgo__elf_segment_at(elf, i, &segment); i++) {
		if (segment.type == PT_LOAD && segment.offset == 0 && segment.file_size > size) {
			size = segment.file_size;
		}
	}
	size = (size + page - 1) / page * page;
	return rcgo__elf_from_memory(elf, (struct rcgo_bytes){.at = at, .size = size}) == 0
		       ? 0
		       : -ENOENT;
}
