// SPDX-License-Identifier: BSD-3-Clause
// Base: where Go's machine code lies, from two words that Go's linker fills in (rcgo_gotext.s).

#include "rcgo_gotext.h"

// Weak: cmd/cgo links our C alone, too, to see which libraries it needs. Not hidden: cmd/link fails
// on a hidden symbol that is Go's.
extern const uintptr_t rcgo_go_text[2] __attribute__((weak));

// owner: whoever starts Go, once; lock: none; ordering: release and acquire
static bool (*is_other_go)(uintptr_t pc);

bool
rcgo__go_text(uintptr_t *start, uintptr_t *end)
{
	const uintptr_t *text = rcgo_go_text;

	*start = 0;
	*end = 0;
	if (text == NULL) {
		return false;
	}
	*start = text[0];
	*end = text[1];
	return true;
}

bool
rcgo__in_go_text(uintptr_t pc)
{
	const uintptr_t *text = rcgo_go_text;

	return text != NULL && pc - text[0] < text[1] - text[0];
}

void
rcgo__set_other_go(bool (*fn)(uintptr_t pc))
{
	rcgo_store_rel(&is_other_go, fn);
}

// Indirect: the traceback part's, made for handlers.
bool
rcgo__in_go_code(uintptr_t pc)
{
	bool (*fn)(uintptr_t) = rcgo_load_acq(&is_other_go);

	return rcgo__in_go_text(pc) || (fn != NULL && fn(pc));
}
