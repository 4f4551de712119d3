// SPDX-License-Identifier: BSD-3-Clause
// Parses -overlay and -C in the user's flags, in GOFLAGS and on the command line.
#include "rcgo.h"

#include <fnmatch.h>
#include <string.h>

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Returns the value in "-name=value" or "--name=value"; NULL for any other word.
static const char *
value_in(const char *word, const char *name)
{
	size_t n = strlen(name);

	if (*word != '-') {
		return NULL;
	}
	word += word[1] == '-' ? 2 : 1;
	return strncmp(word, name, n) == 0 && word[n] == '=' ? word + n + 1 : NULL;
}

// An overlay names files of one GOROOT. A go command with another GOROOT would silently build with
// the stock runtime/cgo: because go.mod, go.work or GOTOOLCHAIN make it switch, or because it is
// another go command. The first flag makes Go's assembler fail in the stock file of runtime/cgo,
// with the value in its message: a string before the compiler runs, an identifier after it. Our
// file undoes the flag (patch_undo_flag). The last -asmflags for a package wins, so ours contains
// the user's own flags for runtime/cgo too. A -asmflags=all= of a command line takes its place. The
// second flag remains then: a compiler of another version fails.
static const char asmflags_ours[] = "-asmflags=runtime/cgo=";
static const char goroot_check_flag[] = "-D=TEXT=";
static const char goroot_check_name[] = "runtime_cgo_";
static const char goroot_check_text[] =
	"__if_this_is_an_error_the_overlay_is_for_another_GOROOT__run_rcgo_env_again";
static const char gcflags_ours[] = "-gcflags=runtime/cgo=";
static const char version_check_flag[] = "-goversion=";

// Returns the flags in the value of -asmflags or -gcflags that apply to runtime/cgo; NULL if none
// do. The value is PATTERN=FLAGS, or FLAGS for the packages named on the command line.
static const char *
flags_for_cgo(const char *value)
{
	size_t n = value == NULL ? 0 : strcspn(value, "=");
	char *pattern, *dots;

	if (value == NULL || *value == '-' || value[n] != '=') {
		return NULL;
	}
	pattern = strndup(value, n);
	while ((dots = strstr(pattern, "...")) != NULL) {
		pattern = fmt("%.*s*%s", (int)(dots - pattern), pattern, dots + 3);
	}
	if (strcmp(pattern, "all") == 0 || strcmp(pattern, "std") == 0 ||
		fnmatch(pattern, "runtime/cgo", 0) == 0) {
		return value + n + 1;
	}
	return NULL;
}

static bool
is_ours(const char *text)
{
	return (has_prefix(text, asmflags_ours) && strstr(text, goroot_check_flag) != NULL &&
		       strstr(text, goroot_check_name) != NULL) ||
	       (has_prefix(text, gcflags_ours) && strstr(text, version_check_flag) != NULL);
}

// Looks at one flag of GOFLAGS. Returns whether it is -overlay, which is recorded, or our own.
static bool
take_flag(struct goflags *f, const char *text)
{
	const char *overlay = value_in(text, "overlay");
	const char *asmflags = flags_for_cgo(value_in(text, "asmflags"));
	const char *gcflags = flags_for_cgo(value_in(text, "gcflags"));

	if (is_ours(text)) {
		return true;
	}
	if (asmflags != NULL) {
		f->asmflags = xstrdup(asmflags);
	}
	if (gcflags != NULL) {
		f->gcflags = xstrdup(gcflags);
	}
	if (overlay != NULL) {
		f->overlay = xstrdup(overlay);
	}
	return overlay != NULL;
}

// Removes -overlay and our own flags from GOFLAGS. Leaves every other byte unchanged, because we
// and this version of Go might split a word differently.
struct goflags
goflags_split(const char *goflags, int minor)
{
	struct goflags f = {.rest = xalloc(strlen(goflags) + 1)};
	size_t n = 0;

	for (const char *p = goflags; *p != '\0';) {
		const char *start = p;

		while (is_space(*p)) {
			p++;
		}
		const char *word = p;
		char quote = 0;

		if ((minor < 0 || minor >= QUOTING_GO) && (*p == '\'' || *p == '"')) {
			quote = *p;
			word = ++p;
			p = strchrnul(p, quote);
			if (*p == '\0') {
				fail(fmt("GOFLAGS has an unterminated quote: %s", goflags),
					"rcgo adds its -overlay flag to GOFLAGS, which must be "
					"well-formed",
					"close the quote, or run `go env -u GOFLAGS`");
			}
		} else {
			while (*p != '\0' && !is_space(*p)) {
				p++;
			}
		}
		char *text = strndup(word, (size_t)(p - word));

		p += quote != 0;
		if (take_flag(&f, text)) {
			continue;
		}
		memcpy(f.rest + n, start, (size_t)(p - start));
		n += (size_t)(p - start);
	}
	f.rest += strspn(f.rest, " \t\r\n");
	return f;
}

static bool
needs_quotes(const char *path)
{
	return strpbrk(path, " \t\r\n") != NULL;
}

// Returns whether GOFLAGS of this Go version can contain -overlay=PATH.
bool
goflags_can_hold(const char *path, int minor)
{
	if (!needs_quotes(path)) {
		return true;
	}
	return minor >= QUOTING_GO && (strchr(path, '\'') == NULL || strchr(path, '"') == NULL);
}

char *
goflags_with_overlay(const char *rest, const char *path)
{
	const char *q = !needs_quotes(path) ? "" : strchr(path, '\'') == NULL ? "'" : "\"";

	return fmt("%s%s%s-overlay=%s%s", rest, *rest == '\0' ? "" : " ", q, path, q);
}

// Returns GOFLAGS with one more flag for runtime/cgo: `name`, the user's flags, and our check.
// Where GOFLAGS has no quotes, the user's flags are lost in runtime/cgo, which is better than a
// stock runtime/cgo unnoticed.
static char *
with_check(const char *rest, const char *name, const char *user, const char *check, int minor)
{
	const char *q = "";

	if (user != NULL && *user != '\0' && minor >= QUOTING_GO) {
		q = strchr(user, '\'') == NULL ? "'" : "\"";
		check = fmt("%s %s", user, check);
	}
	return fmt("%s%s%s%s%s%s", rest, *rest == '\0' ? "" : " ", q, name, check, q);
}

// Returns the user's flags with our overlay, and with the checks that stop another Go.
char *
goflags_with_ours(const struct goflags *user, const struct overlay *o, const struct goenv *e)
{
	const char *rest = user->rest;

	if (o->checks_goroot) {
		// A flag of the user's with ' is put between ".
		bool plain = user->asmflags != NULL && strchr(user->asmflags, '\'') != NULL;
		const char *q = plain ? "" : "\"";
		char *check = fmt("%s%s%s%s%s%s", goroot_check_flag, q, goroot_check_name,
			payload_hash, goroot_check_text, q);

		rest = with_check(rest, asmflags_ours, user->asmflags, check, e->minor);
	}
	if (o->checks_goroot && has_prefix(e->version, "go1") && !needs_quotes(e->version)) {
		char *check = fmt("%s%s", version_check_flag, e->version);

		rest = with_check(rest, gcflags_ours, user->gcflags, check, e->minor);
	}
	return goflags_with_overlay(rest, o->path);
}

// The flags of go build and similar commands that take a value as the next word. Any other flag is
// a switch or, for `go test`, a flag of the test program.
static const char *const valued[] = {"asmflags", "bench", "benchtime", "blockprofile",
	"blockprofilerate", "buildmode", "compiler", "count", "covermode", "coverpkg",
	"coverprofile", "cpu", "cpuprofile", "debug-actiongraph", "debug-runtime-trace",
	"debug-trace", "exec", "f", "fuzz", "fuzzminimizetime", "fuzztime", "gccgoflags", "gcflags",
	"installsuffix", "ldflags", "list", "memprofile", "memprofilerate", "mod", "modfile",
	"mutexprofile", "mutexprofilefraction", "o", "outputdir", "overlay", "p", "parallel", "pgo",
	"pkgdir", "reuse", "run", "shuffle", "skip", "tags", "timeout", "toolexec", "trace", "vet",
	"vettool"};

// The switches of `go test`. They must be distinguished from flags of the test program.
static const char *const switches[] = {"a", "artifacts", "asan", "benchmem", "buildvcs", "c",
	"cover", "failfast", "fullpath", "i", "json", "linkshared", "modcacherw", "msan", "n",
	"race", "short", "trimpath", "v", "work", "x"};

static bool
among(const char *name, size_t len, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strlen(list[i]) == len && strncmp(name, list[i], len) == 0) {
			return true;
		}
	}
	return false;
}

static bool
takes_overlay(const char *command)
{
	static const char *const commands[] = {"build", "install", "list", "run", "test", "vet"};

	return among(command, strlen(command), commands, sizeof commands / sizeof *commands);
}

// Scans the words as the go command does, because -overlay may also be the value of another flag,
// or belong to the program that `go run` or `go test` starts.
struct scan {
	struct cmdline *cl;
	char **next;
	bool test;
	bool packages_done; // the list of packages of `go test` is complete
	bool in_packages;
	bool maybe_value; // the previous word was a flag that go does not know
};

// Scans one word that is not a flag. Returns false if go accepts no flags after it.
static bool
scan_plain(struct scan *s)
{
	if (!s->test) {
		return false;
	}
	if (!s->in_packages && s->packages_done && !s->maybe_value) {
		return false;
	}
	s->in_packages = !s->packages_done || s->in_packages;
	s->packages_done = true;
	s->maybe_value = false;
	strings_add(&s->cl->args, *s->next++);
	return true;
}

static void
scan_flag(struct scan *s, const char *name)
{
	size_t len = strcspn(name, "=");
	bool has_value = name[len] == '=';
	const char *value = has_value ? name + len + 1 : s->next[1];
	const char *known = has_prefix(name, "test.") ? name + strlen("test.") : name;
	size_t known_len = len - (size_t)(known - name);
	bool takes = among(known, known_len, valued, sizeof valued / sizeof *valued);

	s->in_packages = false;
	s->maybe_value = false;
	int words = features_flag(&s->cl->features, s->cl->command, s->next);

	if (words > 0) {
		s->next += words;
		return;
	}
	if (len == strlen("overlay") && takes && has_prefix(name, "overlay") && value != NULL) {
		s->cl->overlay = xstrdup(value);
		s->next += has_value ? 1 : 2;
		return;
	}
	if (s->test && !takes &&
		!among(known, known_len, switches, sizeof switches / sizeof *switches)) {
		s->packages_done = true;
		s->maybe_value = !has_value;
	}
	strings_add(&s->cl->args, *s->next++);
	if (takes && !has_value && *s->next != NULL) {
		strings_add(&s->cl->args, *s->next++);
	}
}

struct cmdline
cmdline_scan(char **argv)
{
	struct cmdline cl = {.command = argv[0]};
	struct scan s = {.cl = &cl, .next = argv + 1, .test = strcmp(argv[0], "test") == 0};

	strings_add(&cl.args, argv[0]);
	// The go command accepts -C only directly after the subcommand.
	const char *first = argv[1] == NULL ? "" : argv[1];

	if (strcmp(first, "-C") == 0 || strcmp(first, "--C") == 0) {
		cl.dir = argv[2];
		strings_add(&cl.args, *s.next++);
		if (*s.next != NULL) {
			strings_add(&cl.args, *s.next++);
		}
	} else if (value_in(first, "C") != NULL) {
		cl.dir = xstrdup(value_in(first, "C"));
		strings_add(&cl.args, *s.next++);
	}
	cl.command_words = cl.args.n;
	while (takes_overlay(cl.command) && *s.next != NULL) {
		const char *word = *s.next;
		const char *name = word + (has_prefix(word, "--") ? 2 : 1);

		if (strcmp(word, "--") == 0 ||
			(s.test && strcmp(name, "args") == 0 && *word == '-')) {
			break;
		}
		if (*word != '-' || *name == '\0' || *name == '-' || *name == '=') {
			if (!scan_plain(&s)) {
				break;
			}
		} else {
			scan_flag(&s, name);
		}
	}
	while (*s.next != NULL) {
		strings_add(&cl.args, *s.next++);
	}
	return cl;
}
