// SPDX-License-Identifier: BSD-3-Clause
// rcgo leaf: finds the debug sections of a shared object for this machine.
#include "cmd_leaf.h"

#include <elf.h>
#include <string.h>

static bool
inside(size_t size, uint64_t at, uint64_t n)
{
	return at <= size && n <= size - at;
}

static struct leaf_section
section(const uint8_t *file, size_t size, const Elf64_Shdr *h)
{
	struct leaf_section s = {0};

	if (h->sh_type != SHT_NOBITS && inside(size, h->sh_offset, h->sh_size)) {
		s = (struct leaf_section){file + h->sh_offset, h->sh_size};
	}
	return s;
}

static void
keep(struct leaf_sections *out, const char *name, struct leaf_section s)
{
	if (strcmp(name, ".debug_info") == 0) {
		out->info = s;
	} else if (strcmp(name, ".debug_abbrev") == 0) {
		out->abbrev = s;
	} else if (strcmp(name, ".debug_str") == 0) {
		out->str = s;
	}
}

// Reads a file's sections. Returns why it cannot, or NULL.
const char *
leaf_elf_read(const char *path, struct leaf_sections *out)
{
	size_t size;
	const uint8_t *file = (const uint8_t *)read_file(path, &size);
	Elf64_Ehdr e;

	*out = (struct leaf_sections){0};
	if (file == NULL || size < sizeof e) {
		return "the compiler's output cannot be read";
	}
	memcpy(&e, file, sizeof e);
	if (memcmp(e.e_ident, ELFMAG, SELFMAG) != 0 || e.e_ident[EI_CLASS] != ELFCLASS64 ||
		e.e_ident[EI_DATA] != ELFDATA2LSB || e.e_shentsize != sizeof(Elf64_Shdr) ||
		e.e_shstrndx >= e.e_shnum ||
		!inside(size, e.e_shoff, (uint64_t)e.e_shnum * sizeof(Elf64_Shdr))) {
		return "the compiler's output is no 64-bit little-endian ELF file";
	}
	Elf64_Shdr *headers = xalloc((size_t)e.e_shnum * sizeof *headers);

	memcpy(headers, file + e.e_shoff, (size_t)e.e_shnum * sizeof *headers);
	struct leaf_section names = section(file, size, &headers[e.e_shstrndx]);

	if (names.size == 0 || names.at[names.size - 1] != '\0') {
		return "the compiler's output has no section names";
	}
	for (int i = 0; i < e.e_shnum; i++) {
		if (headers[i].sh_name < names.size) {
			keep(out, (const char *)names.at + headers[i].sh_name,
				section(file, size, &headers[i]));
		}
	}
	return out->info.size == 0 || out->abbrev.size == 0
		       ? "the compiler wrote no debug information"
		       : NULL;
}
