// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: .debug_frame out of an object's file. Runs on any stack, in
// handlers too: what needs room is mapped. Contract: elf(5).

#include "rcgo_debug_frame_parts.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rcgo_probe.h"

static const char section_name[] = ".debug_frame";

#define MAX_SECTION (4u << 20)
#define MAX_SECTIONS 4096
#define FILE_HEAD \
	1024 // of the file and of what is mapped: they must be the same, the build-id is there

struct load_scratch {
	char path[PATH_MAX];
	uint8_t in_file[FILE_HEAD];
	uint8_t in_memory[FILE_HEAD];
};

// pread is not AS-Safe by POSIX; lseek and read are.
static bool
read_at(int fd, uint64_t offset, void *buf, size_t size)
{
	uint8_t *at = buf;

	if (offset > INT64_MAX || lseek(fd, (off_t)offset, SEEK_SET) < 0) {
		return false;
	}
	while (size > 0) {
		ssize_t n = read(fd, at, size);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return false;
		}
		at += n;
		size -= (size_t)n;
	}
	return true;
}

// Opens the file that m was loaded from, if it is still that one.
static int
open_file(const struct rcgo_module *m)
{
	struct load_scratch *s =
		mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = -1;

	if (s == MAP_FAILED) {
		return -1;
	}
	if (rcgo__module_name(m, s->path, sizeof s->path)) {
		fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	}
	if (fd >= 0 && (!read_at(fd, 0, s->in_file, FILE_HEAD) ||
			       !rcgo__probe_copy(s->in_memory, (const void *)m->start, FILE_HEAD) ||
			       memcmp(s->in_file, s->in_memory, FILE_HEAD) != 0)) {
		close(fd);
		fd = -1;
	}
	munmap(s, sizeof *s);
	return fd;
}

// Finds the section. Returns whether it is there as it is needed: not compressed, not too large.
static bool
find_section(int fd, ElfW(Shdr) * found)
{
	ElfW(Ehdr) ehdr;
	ElfW(Shdr) names;

	if (!read_at(fd, 0, &ehdr, sizeof ehdr) || ehdr.e_shentsize != sizeof names ||
		ehdr.e_shnum > MAX_SECTIONS || ehdr.e_shstrndx >= ehdr.e_shnum ||
		!read_at(fd, ehdr.e_shoff + ehdr.e_shstrndx * sizeof names, &names, sizeof names)) {
		return false;
	}
	for (size_t i = 0; i < ehdr.e_shnum; i++) {
		char name[sizeof section_name];

		if (!read_at(fd, ehdr.e_shoff + i * sizeof *found, found, sizeof *found)) {
			return false;
		}
		if (found->sh_type == SHT_PROGBITS && (found->sh_flags & SHF_ALLOC) == 0 &&
			found->sh_name < names.sh_size &&
			read_at(fd, names.sh_offset + found->sh_name, name, sizeof name) &&
			memcmp(name, section_name, sizeof section_name) == 0) {
			return (found->sh_flags & SHF_COMPRESSED) == 0 && found->sh_size != 0 &&
			       found->sh_size <= MAX_SECTION;
		}
	}
	return false;
}

size_t
rcgo__debug_frame_load(const struct rcgo_module *m, uint8_t **section)
{
	int fd = open_file(m);
	ElfW(Shdr) found;
	size_t size = 0;

	if (fd >= 0 && find_section(fd, &found)) {
		uint8_t *at = mmap(NULL, found.sh_size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (at != MAP_FAILED && read_at(fd, found.sh_offset, at, found.sh_size)) {
			*section = at;
			size = found.sh_size;
		} else if (at != MAP_FAILED) {
			munmap(at, found.sh_size);
		}
	}
	if (fd >= 0) {
		close(fd);
	}
	return size;
}
