// SPDX-License-Identifier: BSD-3-Clause
// module_merge.h: makes modules of mappings. Mappings come by address; those of one object follow
// each other, with rising offsets.
#ifndef RCGO_MODULE_MERGE_H
#define RCGO_MODULE_MERGE_H

#include <string.h>

#include "rcgo_backtrace.h"

struct rcgo_module_merge {
	rcgo_target_module_fn visit;
	void *arg;
	bool stopped;
	struct rcgo_target_module module; // not visited yet, if path is set
};

// Visits the module that is complete. Returns whether to stop.
static inline bool
rcgo__merge_flush(struct rcgo_module_merge *m)
{
	if (m->module.path != NULL && !m->stopped) {
		m->stopped = m->visit(&m->module, m->arg);
	}
	m->module.path = NULL;
	return m->stopped;
}

// Adds a mapping. path is kept until the module is visited. Returns whether to stop.
static inline bool
rcgo__merge_add(struct rcgo_module_merge *m, const struct rcgo_target_module *mapping)
{
	if (m->module.path != NULL && strcmp(m->module.path, mapping->path) == 0 &&
		mapping->offset > m->module.offset && mapping->start >= m->module.end) {
		m->module.end = mapping->end;
		return m->stopped;
	}
	rcgo__merge_flush(m);
	m->module = *mapping;
	m->module.first_end = mapping->end;
	return m->stopped;
}

#endif // RCGO_MODULE_MERGE_H
