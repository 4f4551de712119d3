// SPDX-License-Identifier: BSD-3-Clause
// Base: the address range of Go's machine code and the g of the thread, from data that Go's linker
// fills in (rcgo_go_text.s).

#include "go_text.h"

// Weak, because cmd/cgo also links our C alone to see which libraries it needs. Not hidden, because
// cmd/link fails on a hidden symbol that Go defines.
extern const struct rcgo_go_text {
	uintptr_t start, end;
	const G *(*current_g)(void);
} rcgo_go_text __attribute__((weak));

bool
rcgo__go_text(uintptr_t *start, uintptr_t *end)
{
	const struct rcgo_go_text *text = &rcgo_go_text;

	*start = 0;
	*end = 0;
	if (text == NULL) {
		return false;
	}
	*start = text->start;
	*end = text->end;
	return true;
}

bool
rcgo__in_go_text(uintptr_t pc)
{
	const struct rcgo_go_text *text = &rcgo_go_text;

	return text != NULL && pc - text->start < text->end - text->start;
}

// Indirect: current_g in rcgo_go_text.s.
const G *
rcgo__current_g(void)
{
	const struct rcgo_go_text *text = &rcgo_go_text;

	return text != NULL && text->current_g != NULL ? text->current_g() : NULL;
}
