// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: which object holds an address, and its name. Runs on any stack, in
// handlers too.

#include "rcgo_module_parts.h"

void
rcgo__module_store(struct rcgo_module *to, const struct rcgo_module *from)
{
	rcgo_store_rel(&to->start, from->start);
	rcgo_store_rel(&to->end, from->end);
	rcgo_store_rel(&to->bias, from->bias);
	rcgo_store_rel(&to->eh_frame_hdr, from->eh_frame_hdr);
	rcgo_store_rel(&to->eh_frame_hdr_size, from->eh_frame_hdr_size);
	rcgo_store_rel(&to->key, from->key);
	rcgo_store_rel(&to->pinned, from->pinned);
}

void
rcgo__module_load(struct rcgo_module *to, const struct rcgo_module *from)
{
	to->start = rcgo_load_acq(&from->start);
	to->end = rcgo_load_acq(&from->end);
	to->bias = rcgo_load_acq(&from->bias);
	to->eh_frame_hdr = rcgo_load_acq(&from->eh_frame_hdr);
	to->eh_frame_hdr_size = rcgo_load_acq(&from->eh_frame_hdr_size);
	to->key = rcgo_load_acq(&from->key);
	to->pinned = rcgo_load_acq(&from->pinned);
}

// Whether what the list knows of m is still so.
static bool
still_there(const struct rcgo_module *m)
{
	struct rcgo_module now = *m;

	return rcgo__image_key(&now, NULL) && now.key == m->key;
}

bool
rcgo__module_find(uintptr_t pc, struct rcgo_module *out)
{
	struct rcgo_module listed;
	bool known = rcgo__list_find(pc, &listed);
	enum rcgo_answer answer;

	if (known && listed.pinned) {
		*out = listed;
		return true;
	}
	answer = rcgo__dlfo_find(pc, out);
	if (answer == RCGO_ANSWER_YES) {
		if (known && listed.key == out->key) {
			out->eh_frame_hdr_size = listed.eh_frame_hdr_size;
		}
		return true;
	}
	if (answer == RCGO_ANSWER_NONE && known && still_there(&listed)) {
		*out = listed;
		return true;
	}
	return rcgo__learned_find(pc, out);
}

bool
rcgo__module_name(const struct rcgo_module *m, char *path, size_t cap)
{
	struct rcgo_mapping mapping;

	if (cap == 0) {
		return false;
	}
	return (rcgo__mapping_find(m->start, &mapping, path, cap) && path[0] != 0) ||
	       rcgo__dlfo_name(m, path, cap);
}
