// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: where ELF images come from: files, each with a window, and the vDSO. Runs on
// any stack, in signal handlers too.

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "elf_reader.h"
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

// Opens the regular file at path. Returns 0, or -errno.
static int
elf_open_file(const char *path, struct rcgo_bytes *image)
{
	// A path may lead to anything by now, a pipe too: do not wait there.
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st = {0};
	int err;

	if (fd < 0) {
		return -errno;
	}
	// Not libc's fstat, which before glibc 2.33 is no function of the shared library.
	err = (int)rcgo__raw_syscall(SYS_fstat, fd, (long)&st, 0, 0, 0, 0);
	if (err == 0 && (!S_ISREG(st.st_mode) || st.st_size <= 0)) {
		err = -ENOEXEC;
	} else if (err == 0) {
		err = elf_map_file(fd, (size_t)st.st_size, image);
	}
	close(fd);
	return err;
}

int
rcgo__elf_open(struct rcgo_elf *elf, const char *path)
{
	int saved = errno;
	struct rcgo_bytes image = {0};
	int err = elf_open_file(path, &image);

	*elf = (struct rcgo_elf){0};
	if (err == 0) {
		err = rcgo__elf_from_memory(elf, image);
		if (err != 0) {
			rcgo__file_window_close(image.window);
		}
	}
	errno = saved;
	return err;
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

// The kernel maps the vDSO's file by whole pages, as one segment that begins with the header.
int
rcgo__elf_from_vdso(struct rcgo_elf *elf)
{
	int saved = errno;
	const uint8_t *at = (const uint8_t *)(uintptr_t)getauxval(AT_SYSINFO_EHDR);
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
