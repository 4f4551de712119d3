// SPDX-License-Identifier: BSD-3-Clause
// rcgo addr2line: prints functions, files and lines of addresses, with binutils' flags and output.
#include "rcgo.h"

#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "symbols.h"

struct addr2line {
	const char *program, *section;
	bool addresses, functions, demangle, inlines, pretty, base_names;
	bool no_recurse_limit;	  // when demangling
	struct rcgo_section base; // the section of -j
	struct symbols symbols;
};

static void
print_function(const struct addr2line *a, const struct rcgo_frame *frame)
{
	const char *name = frame->function;

	if (name == NULL || name[0] == 0) {
		name = "??";
	} else if (a->demangle) {
		name = symbols_demangle(name, a->no_recurse_limit);
	}
	fputs(name, stdout);
	fputs(a->pretty ? " at " : "\n", stdout);
}

static void
print_place(const struct addr2line *a, const struct rcgo_frame *frame)
{
	const char *file = frame->file != NULL && frame->file[0] != 0 ? frame->file : "??";

	fputs(a->base_names ? symbols_base_name(file) : file, stdout);
	if (frame->line == 0) {
		fputs(":?\n", stdout);
	} else if (a->symbols.discriminator != 0) {
		printf(":%u (discriminator %u)\n", frame->line, a->symbols.discriminator);
	} else {
		printf(":%u\n", frame->line);
	}
}

static void
print_unknown(const struct addr2line *a)
{
	if (a->functions) {
		fputs(a->pretty ? "?? " : "??\n", stdout);
	}
	fputs("??:0\n", stdout);
}

// Converts a given address to an address of the program. Returns false if the program does not
// contain it.
static bool
in_program(const struct addr2line *a, uint64_t *address)
{
	if (a->section == NULL) {
		return symbols_has(&a->symbols, *address);
	}
	if (*address >= a->base.size) {
		return false;
	}
	*address += a->base.address;
	return true;
}

static void
print_address(struct addr2line *a, uint64_t address)
{
	struct rcgo_frame frames[RCGO_FRAMES_MAX];
	size_t n = 0;

	if (a->addresses) {
		printf("0x%0*" PRIx64 "%s", a->symbols.elf.wide ? 16 : 8, address,
			a->pretty ? ": " : "\n");
	}
	if (in_program(a, &address)) {
		n = symbols_frames(&a->symbols, address, frames, RCGO_FRAMES_MAX);
	}
	if (n == 0) {
		print_unknown(a);
	}
	for (size_t i = 0; i < n && (i == 0 || a->inlines); i++) {
		if (i > 0 && a->pretty) {
			fputs(" (inlined by) ", stdout);
		}
		if (a->functions) {
			print_function(a, &frames[i]);
		}
		print_place(a, &frames[i]);
	}
}

// A word that is not a hexadecimal number is the name of a function, perhaps with +offset.
static uint64_t
parse_address(const struct addr2line *a, char *word)
{
	uint64_t address;
	char *end, *plus;

	word[strcspn(word, "\r\n")] = 0;
	address = strtoull(word, &end, 16);
	if (*end == 0 || isspace((unsigned char)*end)) {
		return address;
	}
	plus = strchr(word, '+');
	if (plus != NULL) {
		*plus = 0;
	}
	word += strspn(word, " \t");
	if (symbols_address(&a->symbols, word, &address)) {
		return address + (plus != NULL ? strtoull(plus + 1, NULL, 16) : 0);
	}
	return strtoull(word, NULL, 16);
}

// A program that talks to us through a pipe waits for each answer before the next question.
static void
answer_all(struct addr2line *a)
{
	struct stat st;
	bool wait = fstat(0, &st) != 0 || !S_ISREG(st.st_mode);
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, stdin) >= 0) {
		print_address(a, parse_address(a, line));
		if (wait) {
			fflush(stdout);
		}
	}
	free(line);
}

static void
use_style(const char *style)
{
	if (style != NULL && !demangle_set_style(style)) {
		usage_error("addr2line", "unknown style of demangling: %s", style);
	}
}

static const struct option longs[] = {{"addresses", no_argument, NULL, 'a'},
	{"basenames", no_argument, NULL, 's'}, {"demangle", optional_argument, NULL, 'C'},
	{"exe", required_argument, NULL, 'e'}, {"functions", no_argument, NULL, 'f'},
	{"inlines", no_argument, NULL, 'i'}, {"no-recurse-limit", no_argument, NULL, 'r'},
	{"pretty-print", no_argument, NULL, 'p'}, {"recurse-limit", no_argument, NULL, 'R'},
	{"section", required_argument, NULL, 'j'}, {"target", required_argument, NULL, 'b'}, {0}};

static void
parse_flags(struct addr2line *a, int argc, char **argv)
{
	opterr = 0; // usage_flag prints the message
	for (int c; (c = getopt_long(argc, argv, "ab:Ce:fij:prRs", longs, NULL)) != -1;) {
		switch (c) {
		case 'a':
			a->addresses = true;
			break;
		case 'b': // ignored: the file has its own format
			break;
		case 'C':
			a->demangle = true;
			use_style(optarg);
			break;
		case 'e':
			a->program = optarg;
			break;
		case 'f':
			a->functions = true;
			break;
		case 'i':
			a->inlines = true;
			break;
		case 'j':
			a->section = optarg;
			break;
		case 'p':
			a->pretty = true;
			break;
		case 'r':
			a->no_recurse_limit = true;
			break;
		case 'R':
			a->no_recurse_limit = false;
			break;
		case 's':
			a->base_names = true;
			break;
		default:
			usage_flag("addr2line", argv);
		}
	}
}

static void
find_section(struct addr2line *a)
{
	const struct rcgo_elf *elf = &a->symbols.elf;

	for (uint32_t i = 1; rcgo__elf_section_at(elf, i, &a->base); i++) {
		const char *name = rcgo__bytes_string(elf->names, a->base.name);

		if (name != NULL && strcmp(name, a->section) == 0) {
			return;
		}
	}
	fail(fmt("%s has no section %s", a->program, a->section), NULL, "`readelf -S` lists them");
}

int
cmd_addr2line(int argc, char **argv)
{
	struct addr2line a = {.program = "a.out"};

	parse_flags(&a, argc, argv);
	symbols_open(&a.symbols, a.program, NULL);
	if (a.section != NULL) {
		find_section(&a);
	}
	if (optind == argc) {
		answer_all(&a);
	}
	for (; optind < argc; optind++) {
		print_address(&a, parse_address(&a, argv[optind]));
	}
	symbols_close(&a.symbols);
	return 0;
}
