// SPDX-License-Identifier: BSD-3-Clause
// Locating .eh_frame or .debug_frame in the file of an object. Runs on any stack, also in signal
// handlers: memory that the work needs is mapped. Contract: elf(5).

//rcgo:small

#include "debug_frame.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "raw_syscall.h"
#include "safe_read.h"
#include "syscall_trial.h"

#define MAX_NAME 16
#define MAX_COPY (4u << 20)    // maximum size of a .debug_frame
#define MAX_LOADED (64u << 20) // maximum size of an .eh_frame
#define MAX_SECTIONS 4096
#define FILE_HEAD 1024 // bytes compared between file and mapping; they include the build-id

struct load_scratch {
	char path[PATH_MAX];
	uint8_t in_file[FILE_HEAD];
	uint8_t in_memory[FILE_HEAD];
};

// POSIX lists lseek and read as AS-Safe, but not pread.
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

// Opens the file that m was loaded from, if it still has the same content.
static int
open_file(const struct rcgo_module *m)
{
	struct load_scratch *s =
		mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = -1;

	if (s == MAP_FAILED) {
		return -1;
	}
	if (rcgo__module_name(m, s->path, sizeof s->path) && rcgo__syscall_trial_passed()) {
		fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	}
	if (fd >= 0 &&
		(!read_at(fd, 0, s->in_file, FILE_HEAD) ||
			!rcgo__copy_nofault(s->in_memory, (const void *)m->start, FILE_HEAD) ||
			memcmp(s->in_file, s->in_memory, FILE_HEAD) != 0)) {
		close(fd);
		fd = -1;
	}
	munmap(s, sizeof *s);
	return fd;
}

// Finds a section by its name. size includes the final 0 and is at most MAX_NAME.
static bool
find_section(int fd, const char *name, size_t size, ElfW(Shdr) * found)
{
	ElfW(Ehdr) ehdr;
	ElfW(Shdr) names;

	if (!read_at(fd, 0, &ehdr, sizeof ehdr) || ehdr.e_shentsize != sizeof names ||
		ehdr.e_shnum > MAX_SECTIONS || ehdr.e_shstrndx >= ehdr.e_shnum ||
		!read_at(fd, ehdr.e_shoff + ehdr.e_shstrndx * sizeof names, &names, sizeof names)) {
		return false;
	}
	for (size_t i = 0; i < ehdr.e_shnum; i++) {
		char here[MAX_NAME];

		if (!read_at(fd, ehdr.e_shoff + i * sizeof *found, found, sizeof *found)) {
			return false;
		}
		if (found->sh_type != SHT_NOBITS && found->sh_name < names.sh_size &&
			read_at(fd, names.sh_offset + found->sh_name, here, size) &&
			memcmp(here, name, size) == 0) {
			return (found->sh_flags & SHF_COMPRESSED) == 0 && found->sh_size != 0;
		}
	}
	return false;
}

static bool
loaded_section(int fd, const struct rcgo_module *m, struct rcgo_frame_section *section)
{
	static const char name[] = ".eh_frame";
	ElfW(Shdr) found;
	uintptr_t at;

	if (m->eh_frame_hdr != NULL || !m->nodelete ||
		!find_section(fd, name, sizeof name, &found)) {
		return false;
	}
	at = m->bias + found.sh_addr;
	if ((found.sh_flags & SHF_ALLOC) == 0 || found.sh_size > MAX_LOADED || at < m->start ||
		at > m->end || found.sh_size > m->end - at ||
		!rcgo__readable_nofault((const void *)at, found.sh_size)) {
		return false;
	}
	*section = (struct rcgo_frame_section){(uint8_t *)at, found.sh_size, true};
	return true;
}

static bool
copied_section(int fd, struct rcgo_frame_section *section)
{
	static const char name[] = ".debug_frame";
	ElfW(Shdr) found;
	uint8_t *at;

	if (!find_section(fd, name, sizeof name, &found) || found.sh_size > MAX_COPY) {
		return false;
	}
	at = mmap(NULL, found.sh_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED) {
		return false;
	}
	if (!read_at(fd, found.sh_offset, at, found.sh_size)) {
		munmap(at, found.sh_size);
		return false;
	}
	*section = (struct rcgo_frame_section){at, found.sh_size, false};
	return true;
}

struct rcgo_frame_section
rcgo__frame_section(const struct rcgo_module *m)
{
	struct rcgo_frame_section section = {NULL, 0, false};
	int cancel = rcgo__cancel_disable();
	int fd = open_file(m);

	if (fd >= 0) {
		if (!loaded_section(fd, m, &section)) {
			copied_section(fd, &section);
		}
		close(fd);
	}
	rcgo__cancel_restore(cancel);
	return section;
}
