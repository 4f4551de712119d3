// SPDX-License-Identifier: BSD-3-Clause
// --with= and --without=: what a program gets beyond the plain C half. rcgo's own flags, which go
// never sees. An overlay remembers what was chosen, for an rcgo that runs below another.
#include "rcgo.h"

#include <string.h>

// What the C half is told (see runtime/base/options.h) when a feature is chosen or left out; and
// the flag that leaves its C out altogether.
static const struct {
	const char *name, *with, *without, *left_out;
	bool on; // by default
} table[] = {
	{"traceback", "traceback=on", NULL, NULL, true}, // its C is in files of its own
	{"contexts", "contexts=on", "contexts=off", NULL, false},
	{"crash", "crash=on", "crash=off", NULL, true},
	{"signals", "signals=full", NULL, "-DRCGO_WITHOUT_SIGNALS", true},
	// Off if not chosen: it makes go build the standard library anew.
	{"syscall", NULL, NULL, NULL, false},
};

_Static_assert(sizeof table / sizeof *table == FEATURES, "a feature for each bit of struct");

static char *
names(void)
{
	char *out = xstrdup("");

	for (size_t i = 0; i < FEATURES; i++) {
		out = fmt("%s%s%s", out, i == 0 ? "" : ", ", table[i].name);
	}
	return out;
}

// Takes a list of names. Returns the first that is not known, or NULL.
static const char *
take(struct features *f, const char *list, enum feature_choice choice)
{
	while (true) {
		size_t n = strcspn(list, ","), i = 0;

		while (i < FEATURES &&
			(strlen(table[i].name) != n || strncmp(table[i].name, list, n) != 0)) {
			i++;
		}
		if (i == FEATURES) {
			return strndup(list, n);
		}
		f->at[i] = choice;
		if (list[n] == '\0') {
			return NULL;
		}
		list += n + 1;
	}
}

// Takes --with=LIST, --without=LIST, or one of them with the list as the next word. Returns how
// many words that took; 0 when the first is neither flag.
int
features_flag(struct features *f, const char *verb, char *const *words)
{
	const char *name = *words + 2 * has_prefix(*words, "--");
	size_t n = strcspn(name, "=");
	bool on = n == strlen("with") && has_prefix(name, "with");

	if (name == *words || !(on || (n == strlen("without") && has_prefix(name, "without")))) {
		return 0;
	}
	const char *list = name[n] == '=' ? name + n + 1 : words[1];

	if (list == NULL) {
		usage_error(verb, "%s wants a feature: %s", *words, names());
	}
	const char *bad = take(f, list, on ? FEATURE_WITH : FEATURE_WITHOUT);

	if (bad != NULL) {
		usage_error(verb, "%s: there is no \"%s\"; there is %s", *words, bad, names());
	}
	return name[n] == '=' ? 1 : 2;
}

// Takes the flags out of a command line that is rcgo's own.
struct features
features_own_flags(int *argc, char **argv)
{
	struct features f = {0};
	int kept = 1, words;

	for (int i = 1; i < *argc; i += words) {
		words = features_flag(&f, argv[0], &argv[i]);
		if (words == 0) {
			argv[kept++] = argv[i];
			words = 1;
		}
	}
	argv[kept] = NULL;
	*argc = kept;
	return f;
}

// What is not said in f is as in base.
struct features
features_over(struct features base, struct features f)
{
	for (size_t i = 0; i < FEATURES; i++) {
		f.at[i] = f.at[i] == FEATURE_UNSAID ? base.at[i] : f.at[i];
	}
	return f;
}

// The features of one choice as a list, "" when there is none.
char *
features_list(struct features f, enum feature_choice choice)
{
	char *out = xstrdup("");

	for (size_t i = 0; i < FEATURES; i++) {
		if (f.at[i] == choice) {
			out = fmt("%s%s%s", out, *out == '\0' ? "" : ",", table[i].name);
		}
	}
	return out;
}

// From lists that an overlay remembers; a name that is no feature any more is nothing.
struct features
features_from_lists(const char *with, const char *without)
{
	struct features f = {0};

	if (with != NULL && *with != '\0') {
		take(&f, with, FEATURE_WITH);
	}
	if (without != NULL && *without != '\0') {
		take(&f, without, FEATURE_WITHOUT);
	}
	return f;
}

// What a program has of these, as a list: what was chosen, and what is on by default.
char *
features_in_force(struct features f)
{
	char *out = xstrdup("");

	for (size_t i = 0; i < FEATURES; i++) {
		bool on = f.at[i] == FEATURE_UNSAID ? table[i].on : f.at[i] == FEATURE_WITH;

		if (on) {
			out = fmt("%s%s%s", out, *out == '\0' ? "" : ",", table[i].name);
		}
	}
	return out;
}

// The C compiler's flags that tell the C half, each after a space, the options as in RCGO=; "" when
// there is nothing.
char *
features_cflags(struct features f)
{
	char *out = xstrdup(""), *flags = xstrdup("");

	for (size_t i = 0; i < FEATURES; i++) {
		const char *option = f.at[i] == FEATURE_WITH	  ? table[i].with
				     : f.at[i] == FEATURE_WITHOUT ? table[i].without
								  : NULL;

		if (option != NULL) {
			out = fmt("%s%s%s", out, *out == '\0' ? "" : ",", option);
		}
		if (f.at[i] == FEATURE_WITHOUT && table[i].left_out != NULL) {
			flags = fmt("%s %s", flags, table[i].left_out);
		}
	}
	if (*out != '\0') {
		flags = fmt(" -DRCGO_BUILD_OPTIONS=%s%s", out, flags);
	}
	return flags;
}

static bool
is_left_out(struct features f, const char *name)
{
	size_t i = 0;

	while (strcmp(table[i].name, name) != 0) {
		i++;
	}
	return f.at[i] == FEATURE_WITHOUT;
}

bool
features_traceback(struct features f)
{
	return !is_left_out(f, "traceback");
}

bool
features_signals(struct features f)
{
	return !is_left_out(f, "signals");
}

bool
features_syscall(struct features f)
{
	return f.at[FEATURES - 1] == FEATURE_WITH;
}
