// SPDX-License-Identifier: BSD-3-Clause
// rcgo help: an overview of the subcommands, and a text for each. The texts are in help/.
#include "help.h"
#include "rcgo.h"

#include <stdio.h>
#include <string.h>

void
help_short(void *stream)
{
	fputs(help_overview, stream);
}

static const char *
topic_text(const char *word)
{
	for (const struct help_topic *t = help_topics; t->name != NULL; t++) {
		if (strcmp(word, t->name) == 0) {
			return t->text;
		}
	}
	return NULL;
}

static bool
is_also_gos(const char *command)
{
	return strcmp(command, "env") == 0 || strcmp(command, "version") == 0;
}

int
cmd_help(int argc, char **argv)
{
	if (argc < 2) {
		help_short(stdout);
		return 0;
	}
	const char *text = topic_text(argv[1]);

	if (text == NULL) { // rcgo COMMAND -h, or help with several words
		usage_error(NULL, "there is no help for %s", argv[1]);
	}
	fputs(text, stdout);
	if (path_search_other("go") != NULL && is_also_gos(argv[1])) {
		puts("\nThe go command has a subcommand of this name too:\n");
		fflush(stdout);
		run_go_plain((char *[]){"help", argv[1], NULL});
	}
	return 0;
}

// Returns whether go's help must handle these words: rcgo has no text for them.
bool
help_is_gos(char *const *words)
{
	return words[0] != NULL && (words[1] != NULL || topic_text(words[0]) == NULL);
}
