// SPDX-License-Identifier: BSD-3-Clause
// The help texts, generated from the files in help/.
#ifndef RCGO_HELP_H
#define RCGO_HELP_H

struct help_topic {
	const char *name, *text;
};

extern const char help_overview[];
extern const struct help_topic help_topics[]; // the last has no name
#endif
