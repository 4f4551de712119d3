// SPDX-License-Identifier: BSD-3-Clause
// The library that `rcgo heap run` preloads: heap profiling for programs that were built by plain
// go. It is linked without libc, so that one file serves glibc and musl. It is active in processes
// whose program has a Go runtime, and passes all calls on elsewhere, such as in `timeout` or `sh`.

#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/auxv.h>

#include "heap_profiling.h"
#include "heap_record.h"
#include "module.h"
#include "unwinder.h"

// The program's headers, as the kernel passes them. Its addresses are those of its segments.
static bool
find_program(struct rcgo_heap_object *program)
{
	uintptr_t at = (uintptr_t)getauxval(AT_PHDR);
	const ElfW(Phdr) *phdr = (const ElfW(Phdr) *)at;

	*program = (struct rcgo_heap_object){
		.phdr = phdr, .phdrs = (size_t)getauxval(AT_PHNUM), .start = UINTPTR_MAX};
	if (at == 0) {
		return false;
	}
	for (size_t i = 0; i < program->phdrs; i++) {
		if (phdr[i].p_type == PT_PHDR) {
			program->bias = at - phdr[i].p_vaddr;
		}
	}
	for (size_t i = 0; i < program->phdrs; i++) {
		uintptr_t lo = program->bias + phdr[i].p_vaddr, hi = lo + phdr[i].p_filesz;

		if (phdr[i].p_type == PT_LOAD) {
			program->start = lo < program->start ? lo : program->start;
			program->end = hi > program->end ? hi : program->end;
		}
	}
	return true;
}

bool
rcgo__heap_own_stack(struct rcgo_stack_bounds *stack)
{
	(void)stack;
	return false;
}

// The note of Go's linker, in the libraries that a C program loads.
static const struct rcgo_note_kind go_note = {.name = "Go", .type = 4};

__attribute__((constructor)) static void
start(void)
{
	const char *value = secure_getenv("RCGO_HEAP");
	struct rcgo_unwind_boundary boundary = {.note = go_note};
	struct rcgo_heap_object program;
	uintptr_t module = find_program(&program) ? rcgo__heap_add_go(&program) : 0;

	if (value == NULL || (module == 0 && getenv("RCGO_HEAP_ANY") == NULL)) {
		return;
	}
	rcgo__modules_init();
	rcgo__heap_go_text(&boundary.start, &boundary.end);
	rcgo__unwind_set_boundary(&boundary);
	rcgo__heap_configure(value);
	rcgo__heap_note_go_module(module);
}
