// SPDX-License-Identifier: BSD-3-Clause
// The flags --with= and --without= of rcgo, which add features to our runtime/cgo or leave
// them out. go never sees them. An overlay records the selection, for an rcgo that runs
// below another one.
#include "rcgo.h"

#include <string.h>

// The option in our runtime/cgo (see runtime/base/options.h) if a feature is selected or left out;
// and the flags that leave its C code out, and that say that it is in.
static const struct {
	const char *name, *with, *without, *left_out, *built_in;
	bool on; // by default
} table[] = {
	{"traceback", "traceback=on", NULL, NULL, NULL, true}, // its C code is in separate files
	{"contexts", "contexts=on", "contexts=off", NULL, NULL, false},
	{"crash", "crash=on", "crash=off", NULL, NULL, true},
	{"signals", "signals=full", NULL, "-DRCGO_WITHOUT_SIGNALS", NULL, true},
	// Its C code is in a separate file. The option tells the other C sources that it is there.
	{"heap", "heap=off", NULL, NULL, "-DRCGO_WITH_HEAP", false},
	// Off by default, because go then builds the standard library again.
	{"syscall", NULL, NULL, NULL, NULL, false},
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

// Applies a list of names. Returns the first unknown name, or NULL.
static const char *
features_apply(struct features *f, const char *list, enum feature_choice choice)
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

// Parses --with=LIST or --without=LIST, or one of them with the list as the next word. Returns the
// number of words used; 0 if the first word is another flag.
int
features_flag(struct features *f, const char *command, char *const *words)
{
	const char *name = *words + 2 * has_prefix(*words, "--");
	size_t n = strcspn(name, "=");
	bool on = n == strlen("with") && has_prefix(name, "with");

	if (name == *words || !(on || (n == strlen("without") && has_prefix(name, "without")))) {
		return 0;
	}
	const char *list = name[n] == '=' ? name + n + 1 : words[1];

	if (list == NULL) {
		usage_error(command, "%s wants a feature: %s", *words, names());
	}
	const char *bad = features_apply(f, list, on ? FEATURE_WITH : FEATURE_WITHOUT);

	if (bad != NULL) {
		usage_error(command, "%s: there is no \"%s\"; there is %s", *words, bad, names());
	}
	return name[n] == '=' ? 1 : 2;
}

// Removes the feature flags from a command line of rcgo itself.
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

// Returns f, with features that f does not select taken from base.
struct features
features_over(struct features base, struct features f)
{
	for (size_t i = 0; i < FEATURES; i++) {
		f.at[i] = f.at[i] == FEATURE_UNSAID ? base.at[i] : f.at[i];
	}
	return f;
}

// Returns f without what the target system lacks: only Linux's signal frames can be moved. libthr,
// which calls handlers on FreeBSD, has frames of its own between the kernel's and the handler's. On
// Linux, amd64 and arm64 alone have code that moves them. Only Go for Linux makes calls on all
// threads. Heap profiles need to know Go's stacks.
struct features
features_of_system(const struct goenv *e, struct features f)
{
	if (strcmp(e->goos, "linux") != 0) {
		features_apply(&f, "heap,signals,syscall", FEATURE_WITHOUT);
	} else if (strcmp(e->goarch, "amd64") != 0 && strcmp(e->goarch, "arm64") != 0) {
		features_apply(&f, "heap,signals", FEATURE_WITHOUT);
	}
	return f;
}

// Returns the features with this choice as a list; "" if there are none.
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

// Parses the lists that an overlay recorded. A name that is no longer a feature is ignored.
struct features
features_from_lists(const char *with, const char *without)
{
	struct features f = {0};

	if (with != NULL && *with != '\0') {
		features_apply(&f, with, FEATURE_WITH);
	}
	if (without != NULL && *without != '\0') {
		features_apply(&f, without, FEATURE_WITHOUT);
	}
	return f;
}

// Returns the list of features of a program: the selected ones, and those that are on by default.
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

// Returns the C compiler's flags for runtime/cgo, each preceded by a space, with the options in the
// syntax of RCGO=; "" if there are none.
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
		if (f.at[i] == FEATURE_WITH && table[i].built_in != NULL) {
			flags = fmt("%s %s", flags, table[i].built_in);
		}
	}
	if (*out != '\0') {
		flags = fmt(" -DRCGO_BUILD_OPTIONS=%s%s", out, flags);
	}
	return flags;
}

static enum feature_choice
choice_of(struct features f, const char *name)
{
	size_t i = 0;

	while (strcmp(table[i].name, name) != 0) {
		i++;
	}
	return f.at[i];
}

static bool
is_left_out(struct features f, const char *name)
{
	return choice_of(f, name) == FEATURE_WITHOUT;
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
	return choice_of(f, "syscall") == FEATURE_WITH;
}

bool
features_heap(struct features f)
{
	return choice_of(f, "heap") == FEATURE_WITH;
}
