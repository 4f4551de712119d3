// SPDX-License-Identifier: BSD-3-Clause
// rcgo version: prints the versions of rcgo, of our sources and of Go; and those of built programs.
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "identity.h"

enum { STATUS_STOCK = 1 };

const char rcgo_version[] = RCGO_VERSION;

// Prints the versions of rcgo and the current Go. Returns whether there is a Go.
static bool
print_ours(FILE *out, struct goenv *e)
{
	const char *wanted = getenv("RCGO_GO");

	fprintf(out, "rcgo %s, runtime/cgo %s, tested with Go 1.%d to 1.%d\n", rcgo_version,
		payload_hash, OLDEST_GO, NEWEST_GO);
	if ((wanted == NULL || *wanted == '\0') && path_search_other("go") == NULL) {
		fputs("go: none found (see `rcgo doctor`)\n", out);
		return false;
	}
	goenv_load(e, NULL);
	fprintf(out, "go: %s %s/%s, GOROOT %s\n", e->version, e->goos, e->goarch, e->goroot);
	return true;
}

// Standard output is that of go version, for tools that parse it. Our output goes to standard
// error.
static int
print_both(void)
{
	struct goenv e;

	if (!print_ours(stderr, &e)) {
		return 0;
	}
	char *argv[] = {e.go, xstrdup("version"), NULL};
	struct spawned s = spawn(e.dir, argv, STDERR_KEEP);

	fputs(s.out, stdout);
	return s.status < 0 ? EXIT_RCGO : s.status;
}

static json_t *
component(const char *version, const char *hash, const char *go, const char *features)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:[{s:s, s:s}, {s:s, s:s}, {s:s, s:s}]}", "type",
		"library", "name", "runtime_cgo", "version", version, "purl",
		fmt("pkg:generic/runtime_cgo@%s", version), "properties", "name",
		"runtime_cgo:payload", "value", hash, "name", "runtime_cgo:go", "value", go, "name",
		"runtime_cgo:features", "value", features);
}

// Prints one line of CycloneDX for each program, or for the runtime/cgo that is embedded in rcgo.
static void
print_sbom(const char *file, const char *text)
{
	json_t *json = json_pack(
		"{s:s, s:s, s:i}", "bomFormat", "CycloneDX", "specVersion", "1.5", "version", 1);
	json_t *what =
		text == NULL ? component(rcgo_version, payload_hash, "", "")
			     : component(identity_field(text, "version"),
				       identity_field(text, "payload"), identity_field(text, "go"),
				       identity_field(text, "features"));

	if (file != NULL) {
		json_object_set_new(json, "metadata",
			json_pack("{s:{s:s, s:s}}", "component", "type", "application", "name",
				file));
	}
	json_object_set_new(json, "components", json_pack("[o]", what));
	puts(json_dumps(json, JSON_COMPACT));
}

// Returns the version that Go finds in a program without our runtime/cgo; "" if it finds none.
static char *
stock_go(const char *file)
{
	struct goenv e;

	if (goenv_find(&e, NULL) != NULL) {
		return "";
	}
	char *argv[] = {e.go, xstrdup("version"), path_absolute(e.dir, file), NULL};
	struct spawned s = spawn(e.dir, argv, STDERR_DROP);
	char *at = strstr(s.out, ": go");

	return s.status != 0 || at == NULL ? "" : strndup(at + 2, strcspn(at + 2, "\n"));
}

static void
print_text(const char *file, const char *text)
{
	static const char *const names[] = {"version", "payload", "go", "features", "options"};

	printf("%s: %s\n", file, identity_field(text, "go"));
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		printf("\truntime_cgo\t%s=%s\n", names[i], identity_field(text, names[i]));
	}
}

static bool
is_number(const char *word)
{
	return *word != '\0' && word[strspn(word, "0123456789")] == '\0';
}

// Prints the identity of one file or process. Returns the exit status for it.
static int
print_one(char *word, bool sbom)
{
	char *why, *file = word, *text;

	if (access(word, F_OK) != 0 && is_number(word)) {
		text = identity_of_process(word, &file, &why);
	} else {
		text = identity_of_file(word, &why);
	}
	if (why != NULL) {
		fflush(stdout);
		fprintf(stderr, "rcgo: %s: %s\n", word, why);
		return EXIT_RCGO;
	}
	if (text == NULL) {
		char *go = stock_go(file);

		printf("%s: %s%sno runtime_cgo in it\n", word, go, *go == '\0' ? "" : ", ");
		return STATUS_STOCK;
	}
	if (sbom) {
		print_sbom(word, text);
	} else {
		print_text(file == word ? word : fmt("%s (%s)", word, file), text);
	}
	return 0;
}

int
cmd_version(int argc, char **argv)
{
	static const struct option longs[] = {{"sbom", no_argument, NULL, 's'}, {0}};
	bool sbom = false;
	int status = 0;
	struct goenv e;

	opterr = 0; // usage_flag prints the message
	for (int c; (c = getopt_long_only(argc, argv, "", longs, NULL)) != -1;) {
		if (c != 's') {
			usage_flag("version", argv);
		}
		sbom = true;
	}
	if (optind == argc && sbom) {
		print_sbom(NULL, NULL);
		return 0;
	}
	if (optind == argc && argv[0][0] == '-') { // --version
		print_ours(stdout, &e);
		return 0;
	}
	if (optind == argc) {
		return print_both();
	}
	for (int i = optind; i < argc; i++) {
		int one = print_one(argv[i], sbom);

		status = one > status ? one : status;
	}
	return status;
}

// Returns whether go's own version must handle these words: they have a flag that only go has.
bool
version_is_gos(char *const *words)
{
	for (; *words != NULL; words++) {
		const char *name = *words + strspn(*words, "-");

		if (name != *words && (*name == 'm' || *name == 'v')) {
			return true;
		}
	}
	return false;
}
