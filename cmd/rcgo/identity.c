// SPDX-License-Identifier: BSD-3-Clause
// Reads the identity of our C half (runtime/base/x_cgo_build_info.c) from programs, libraries,
// archives, processes and core files. Files are untrusted: every offset is checked.
// Long because: all kinds of file share one reader of program headers and notes.
#include "identity.h"

#include <ar.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build_identity.h"

struct bytes {
	const unsigned char *at;
	size_t size;
};

static struct bytes
part(struct bytes b, uint64_t offset, uint64_t size)
{
	if (offset > b.size || size > b.size - offset) {
		size = offset > b.size ? 0 : b.size - offset;
		offset = offset > b.size ? b.size : offset;
	}
	return (struct bytes){b.at + offset, (size_t)size};
}

// Returns an identity text that ends within the bytes; NULL if there is none.
static char *
text_in(struct bytes b)
{
	const char *s = (const char *)b.at;
	size_t n = strnlen(s, b.size);

	for (size_t i = 0; i < n; i++) {
		if (s[i] < ' ' || s[i] > '~') {
			return NULL;
		}
	}
	return n < b.size && has_prefix(s, RCGO_IDENTITY_NAME " ") ? xstrdup(s) : NULL;
}

static char *
in_notes(struct bytes b)
{
	Elf64_Nhdr n;

	while (b.size >= sizeof n) {
		memcpy(&n, b.at, sizeof n);
		uint64_t name = ((uint64_t)n.n_namesz + 3) & ~3ULL;
		uint64_t desc = ((uint64_t)n.n_descsz + 3) & ~3ULL;
		struct bytes owner = part(b, sizeof n, n.n_namesz);

		if (owner.size == sizeof RCGO_IDENTITY_NAME &&
			memcmp(owner.at, RCGO_IDENTITY_NAME, owner.size) == 0) {
			char *text = text_in(part(b, sizeof n + name, n.n_descsz));

			if (text != NULL) {
				return text;
			}
		}
		b = part(b, sizeof n + name + desc, b.size);
	}
	return NULL;
}

// Searches all bytes for the marked text, for programs of Go's internal linker.
static char *
marked(struct bytes b)
{
	static const char mark[] = RCGO_IDENTITY_MARK;
	const unsigned char *at;

	while ((at = memmem(b.at, b.size, mark, sizeof mark - 1)) != NULL) {
		b = part(b, (uint64_t)(at - b.at) + sizeof mark - 1, b.size);

		char *text = text_in(b);

		if (text != NULL) {
			return text;
		}
	}
	return NULL;
}

static bool
elf_header(struct bytes b, Elf64_Ehdr *eh)
{
	if (b.size < sizeof *eh || memcmp(b.at, ELFMAG, SELFMAG) != 0 ||
		b.at[EI_CLASS] != ELFCLASS64 || b.at[EI_DATA] != ELFDATA2LSB) {
		return false;
	}
	memcpy(eh, b.at, sizeof *eh);
	return true;
}

// Calls look for each program header of that type. Returns the first text found.
static char *
in_segments(struct bytes b, const Elf64_Ehdr *eh, uint32_t type, char *(*look)(struct bytes))
{
	char *text = NULL;

	for (unsigned i = 0; i < eh->e_phnum && text == NULL; i++) {
		struct bytes header =
			part(b, eh->e_phoff + (uint64_t)i * eh->e_phentsize, sizeof(Elf64_Phdr));
		Elf64_Phdr ph;

		if (header.size != sizeof ph) {
			break;
		}
		memcpy(&ph, header.at, sizeof ph);
		if (ph.p_type == type && (type != PT_LOAD || (ph.p_flags & PF_W) == 0)) {
			text = look(part(b, ph.p_offset, ph.p_filesz));
		}
	}
	return text;
}

// An unlinked object file has sections only.
static char *
in_sections(struct bytes b, const Elf64_Ehdr *eh)
{
	char *text = NULL;

	for (unsigned i = 0; i < eh->e_shnum && text == NULL; i++) {
		struct bytes header =
			part(b, eh->e_shoff + (uint64_t)i * eh->e_shentsize, sizeof(Elf64_Shdr));
		Elf64_Shdr sh;

		if (header.size != sizeof sh) {
			break;
		}
		memcpy(&sh, header.at, sizeof sh);
		if (sh.sh_type == SHT_NOTE) {
			text = in_notes(part(b, sh.sh_offset, sh.sh_size));
		}
	}
	return text;
}

static char *
in_elf(struct bytes b)
{
	Elf64_Ehdr eh;

	if (!elf_header(b, &eh)) {
		return NULL;
	}
	if (eh.e_type == ET_REL) {
		return in_sections(b, &eh);
	}
	char *text = in_segments(b, &eh, PT_NOTE, in_notes);

	return text != NULL ? text : in_segments(b, &eh, PT_LOAD, marked);
}

static char *
in_archive(struct bytes b)
{
	char *text = NULL;

	b = part(b, SARMAG, b.size);
	while (b.size >= sizeof(struct ar_hdr) && text == NULL) {
		const struct ar_hdr *h = (const void *)b.at;
		char size[sizeof h->ar_size + 1] = {0};

		memcpy(size, h->ar_size, sizeof h->ar_size);
		uint64_t n = strtoull(size, NULL, 10);

		text = in_elf(part(b, sizeof *h, n));
		b = part(b, sizeof *h + n + (n & 1), b.size);
	}
	return text;
}

// Segments of a core file that begin as ELF files do contain the notes of the mapped file.
static char *
in_image(struct bytes b)
{
	Elf64_Ehdr eh;

	return elf_header(b, &eh) ? in_segments(b, &eh, PT_NOTE, in_notes) : NULL;
}

// The files that a core file lists as mapped, each once.
static struct strings
core_files(struct bytes b)
{
	struct strings files = {0};
	Elf64_Nhdr n;
	uint64_t count;

	for (; b.size >= sizeof n;
		b = part(b,
			sizeof n + ((n.n_namesz + 3ULL) & ~3ULL) + ((n.n_descsz + 3ULL) & ~3ULL),
			b.size)) {
		memcpy(&n, b.at, sizeof n);
		struct bytes desc = part(b, sizeof n + ((n.n_namesz + 3ULL) & ~3ULL), n.n_descsz);

		if (n.n_type != NT_FILE || desc.size < 16) {
			continue;
		}
		memcpy(&count, desc.at, sizeof count);
		struct bytes names =
			part(desc, count > desc.size / 24 ? desc.size : 16 + 24 * count, desc.size);

		while (names.size > 0) {
			size_t len = strnlen((const char *)names.at, names.size);
			char *name = strndup((const char *)names.at, len);

			if (files.n == 0 || strcmp(files.at[files.n - 1], name) != 0) {
				strings_add(&files, name);
			}
			names = part(names, len + 1, names.size);
		}
		break;
	}
	return files;
}

static struct bytes
map_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct bytes b = {NULL, 0};
	struct stat st;

	if (fd < 0) {
		return b;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		errno = S_ISREG(st.st_mode) ? errno : EINVAL;
	} else if (st.st_size == 0) {
		errno = ENOEXEC;
	} else {
		void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

		b = at == MAP_FAILED ? b : (struct bytes){at, (size_t)st.st_size};
	}
	int err = errno;

	close(fd);
	errno = err;
	return b;
}

static char *
in_core(struct bytes b, const Elf64_Ehdr *eh)
{
	char *text = in_segments(b, eh, PT_LOAD, in_image);

	for (unsigned i = 0; i < eh->e_phnum && text == NULL; i++) {
		struct bytes header =
			part(b, eh->e_phoff + (uint64_t)i * eh->e_phentsize, sizeof(Elf64_Phdr));
		Elf64_Phdr ph;

		if (header.size != sizeof ph) {
			break;
		}
		memcpy(&ph, header.at, sizeof ph);
		if (ph.p_type != PT_NOTE) {
			continue;
		}
		struct strings files = core_files(part(b, ph.p_offset, ph.p_filesz));

		for (size_t j = 0; j < files.n && text == NULL; j++) {
			text = in_elf(map_file(files.at[j]));
		}
	}
	return text;
}

// Returns the identity in a file. Returns NULL if there is none; sets *why if the file is of a kind
// that cannot have one.
char *
identity_of_file(const char *path, char **why)
{
	struct bytes b = map_file(path);
	Elf64_Ehdr eh;

	*why = NULL;
	if (b.at == NULL) {
		*why = xstrdup(errno == ENOEXEC ? "empty file" : strerror(errno));
		return NULL;
	}
	if (b.size >= SARMAG && memcmp(b.at, ARMAG, SARMAG) == 0) {
		return in_archive(b);
	}
	if (!elf_header(b, &eh)) {
		*why = xstrdup("not a 64-bit ELF file or archive");
		return NULL;
	}
	return eh.e_type == ET_CORE ? in_core(b, &eh) : in_elf(b);
}

// Returns the identity in a process: that of the program, or else of a loaded library, whose path
// is stored in *file.
char *
identity_of_process(const char *pid, char **file, char **why)
{
	char *text, *maps, *save;
	size_t size;

	*file = fmt("/proc/%s/exe", pid);
	text = identity_of_file(*file, why);
	maps = text == NULL && *why == NULL ? read_file(fmt("/proc/%s/maps", pid), &size) : NULL;
	for (char *line = maps == NULL ? NULL : strtok_r(maps, "\n", &save);
		line != NULL && text == NULL; line = strtok_r(NULL, "\n", &save)) {
		char *path = strchr(line, '/'), *ignored;

		// The first mapping of a file is the one of its start.
		if (path == NULL || strstr(line, " 00000000 ") == NULL) {
			continue;
		}
		text = identity_of_file(
			fmt("/proc/%s/map_files/%s", pid, strndup(line, strcspn(line, " "))),
			&ignored);
		text = text != NULL ? text : identity_of_file(path, &ignored);
		if (text != NULL) {
			*file = xstrdup(path);
		}
	}
	return text;
}

// Returns the value of NAME=VALUE in the text; "" if it is missing.
char *
identity_field(const char *text, const char *name)
{
	char *key = fmt(" %s=", name);
	const char *at = strstr(text, key);

	at = at == NULL ? "" : at + strlen(key);
	return strndup(at, strcspn(at, " "));
}
