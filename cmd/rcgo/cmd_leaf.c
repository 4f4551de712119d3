// SPDX-License-Identifier: BSD-3-Clause
// rcgo leaf: writes typed Go functions that call C functions as leaves (package leaf of go/).
#include "cmd_leaf.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VARIABLE "rcgo_leaf_p_"

static bool
is_identifier(const char *s)
{
	if (*s == '\0' || isdigit((unsigned char)*s)) {
		return false;
	}
	for (; *s != '\0'; s++) {
		if (!isalnum((unsigned char)*s) && *s != '_') {
			return false;
		}
	}
	return true;
}

// Declares one variable for each function. __typeof__ avoids a reference that must be linked.
static char *
source_text(const struct leaf_output *o, char **functions)
{
	char *text = fmt("#include %s%s%s\n", o->system_header ? "<" : "\"", o->header,
		o->system_header ? ">" : "\"");

	for (char **f = functions; *f != NULL; f++) {
		text = fmt("%s__typeof__(&%s) " VARIABLE "%s;\n", text, *f, *f);
	}
	return text;
}

// Compiles the source into a shared object, whose debug sections need no relocation.
static void
compile(const struct goenv *e, const struct leaf_output *o, const char *dir)
{
	char *script =
		fmt("exec %s %s %s %s -g -gdwarf-4 -gz=none -O0 -w -fPIC -shared -nostdlib -I. -o "
		    "\"$1\" \"$2\"",
			e->cc, e->cgo_cppflags, e->cgo_cflags, o->cflags == NULL ? "" : o->cflags);
	char *argv[] = {"/bin/sh", "-c", script, "sh", path_join(dir, "leaf.so"),
		path_join(dir, "leaf.c"), NULL};
	struct spawned s = spawn(NULL, argv, STDERR_MERGE);

	if (s.status != 0) {
		unlink(argv[4]);
		unlink(argv[5]);
		rmdir(dir);
		fail(fmt("the C compiler rejects these functions of %s:\n%s", o->header,
			     s.out == NULL ? strerror(s.err) : s.out),
			"their prototypes are learned from its debug information",
			"check the names and the header; give its directory by -cflags -IDIR");
	}
}

static struct leaf_proto *
learn(const struct goenv *e, const struct leaf_output *o, char **functions, size_t n)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = fmt("%s/rcgo-leaf-XXXXXX", tmp != NULL && *tmp == '/' ? tmp : "/tmp");

	if (mkdtemp(dir) == NULL) {
		fail(fmt("%s: %s", dir, strerror(errno)), NULL,
			"set TMPDIR to a directory with free space");
	}
	char *source = path_join(dir, "leaf.c"), *object = path_join(dir, "leaf.so");
	char *text = source_text(o, functions);
	int err = write_file(source, text, strlen(text));

	if (err != 0) {
		fail(fmt("%s: %s", source, strerror(-err)), NULL, NULL);
	}
	compile(e, o, dir);
	struct leaf_sections sections;
	const char *why = leaf_elf_read(object, &sections);
	struct leaf_proto *protos = xalloc(n * sizeof *protos);

	unlink(source);
	unlink(object);
	rmdir(dir);
	if (why != NULL) {
		fail(why, "rcgo leaf needs -gdwarf-4", "set CC to gcc or clang");
	}
	for (size_t i = 0; i < n; i++) {
		protos[i].name = functions[i];
		leaf_proto_read(&sections, fmt(VARIABLE "%s", functions[i]), &protos[i]);
	}
	return protos;
}

static void
refuse_bad(const struct leaf_proto *protos, size_t n)
{
	bool bad = false;

	for (size_t i = 0; i < n; i++) {
		if (protos[i].why != NULL) {
			fprintf(stderr, "rcgo: %s cannot be a leaf: %s\n", protos[i].name,
				protos[i].why);
			bad = true;
		}
	}
	if (bad) {
		fail("nothing is written", NULL, "leave these functions out, or wrap them in C");
	}
}

// Returns the command line, for the comment that marks generated code.
static char *
command_line(int argc, char **argv)
{
	char *text = xstrdup("rcgo");

	for (int i = 0; i < argc; i++) {
		text = fmt("%s %s", text,
			strpbrk(argv[i], " \t\n'\"\\$") == NULL ? argv[i] : shell_quote(argv[i]));
	}
	return text;
}

// Parses the flags. Returns the path of the output file.
static const char *
read_flags(int argc, char **argv, struct leaf_output *o)
{
	static const struct option longs[] = {{"o", required_argument, NULL, 'o'},
		{"package", required_argument, NULL, 'p'}, {"errno", no_argument, NULL, 'e'},
		{"callbacks", no_argument, NULL, 'b'}, {"cflags", required_argument, NULL, 'c'},
		{"ldflags", required_argument, NULL, 'l'}, {0}};
	const char *path = NULL;

	opterr = 0; // usage_flag prints the message
	for (int c; (c = getopt_long_only(argc, argv, "+", longs, NULL)) != -1;) {
		switch (c) {
		case 'o':
			path = optarg;
			break;
		case 'p':
			o->package = optarg;
			break;
		case 'e':
			o->with_errno = true;
			break;
		case 'b':
			o->callbacks = true;
			break;
		case 'c':
			o->cflags = optarg;
			break;
		case 'l':
			o->ldflags = optarg;
			break;
		default:
			usage_flag("leaf", argv);
		}
	}
	return path;
}

int
cmd_leaf(int argc, char **argv)
{
	struct leaf_output o = {
		.package = getenv("GOPACKAGE"), .command = command_line(argc, argv)};
	const char *path = read_flags(argc, argv, &o);
	struct goenv e;

	if (argc - optind < 2) {
		usage_error("leaf", "leaf wants a header and the names of functions");
	}
	for (int i = optind + 1; i < argc; i++) {
		if (!is_identifier(argv[i])) {
			usage_error("leaf", "leaf: %s is no name of a function", argv[i]);
		}
	}
	o.package = o.package == NULL || *o.package == '\0' ? "main" : o.package;
	o.header = argv[optind];
	o.system_header = access(o.header, R_OK) != 0;
	o.address = fmt("rcgo_leaf_address_%08x",
		(unsigned)fnv1a(FNV1A_START, o.command, strlen(o.command)));
	goenv_load(&e, NULL);
	size_t n = (size_t)(argc - optind - 1);
	struct leaf_proto *protos = learn(&e, &o, argv + optind + 1, n);

	refuse_bad(protos, n);
	write_output(path, leaf_go_text(&o, protos, n));
	return 0;
}
