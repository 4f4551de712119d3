// SPDX-License-Identifier: BSD-3-Clause
// Guards the program's code pages (PROT_BTI): the kernel sends SIGILL for an indirect branch to an
// instruction that is no landing pad. The program is built with -mbranch-protection=standard;
// assembly needs landing pads of its own. Libraries are not guarded. Constructors have already run,
// because those of libgcc have no landing pads.
#define _GNU_SOURCE
#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"

#define BTI_BIT (1 << 17) // HWCAP2_BTI
#define GUARDED 0x10	  // PROT_BTI

static int
protect_text(struct dl_phdr_info *info, size_t size, void *protection)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t start = (info->dlpi_addr + p->p_vaddr) & -page;
		uintptr_t end = info->dlpi_addr + p->p_vaddr + p->p_memsz;

		if (p->p_type == PT_LOAD && (p->p_flags & PF_X) != 0 &&
			mprotect((void *)start, end - start, *(const int *)protection) != 0) {
			abort();
		}
	}
	return 1; // stop at the first object, the program
}

// The C library calls _fini of its start-up code, which has no landing pad. This uses on_exit,
// because a test registers functions with atexit.
static void
unguard(int status, void *arg)
{
	int protection = PROT_READ | PROT_EXEC;

	(void)status;
	(void)arg;
	dl_iterate_phdr(protect_text, &protection);
}

void
unit_guard_pages(void)
{
	int protection = PROT_READ | PROT_EXEC | GUARDED;

	if ((getauxval(AT_HWCAP2) & BTI_BIT) != 0 && on_exit(unguard, NULL) == 0) {
		dl_iterate_phdr(protect_text, &protection);
	}
}
