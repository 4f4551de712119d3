// SPDX-License-Identifier: BSD-3-Clause
// rcgo symbolize: names the C functions in the crash log of a stripped Go program.
#include "rcgo.h"

#include <elf.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "debug_file.h"
#include "symbols.h"

// Go prints a C frame as its function and, in the next line, its place; without a symbolizer as
// one line. GO: runtime/traceback.go printOneCgoTraceback
#define NAMELESS "non-Go function"
#define NAMELESS_AT NAMELESS " at pc="
// The program counter of a signal: before Go 1.20, and in brackets for signals in Go code.
#define SIGNAL_AT "PC="
#define SIGNAL_IN "[signal "
#define SIGNAL_IN_AT " pc="

struct log {
	struct symbols symbols;
	const char *program;
	bool demangle;
	bool placed;   // whether the load address of the program is known
	uint64_t bias; // the load bias, if placed
	unsigned lost; // addresses that could not be checked without the load address
};

// Stores the file address of a program counter. Returns whether the program contains it.
static bool
place(struct log *log, uint64_t pc, uint64_t *address)
{
	if (!log->placed) {
		log->lost++;
		return false;
	}
	*address = pc - log->bias;
	return symbols_has(&log->symbols, *address);
}

static const char *
function_of(const struct log *log, const struct rcgo_frame *frame)
{
	if (frame->function == NULL) {
		return NAMELESS;
	}
	return log->demangle ? symbols_demangle(frame->function, false) : frame->function;
}

static size_t
frames_of(struct log *log, uint64_t address, struct rcgo_frame *frames)
{
	size_t n = symbols_frames(&log->symbols, address, frames, RCGO_FRAMES_MAX);

	return n == 1 && frames[0].function == NULL && frames[0].file == NULL ? 0 : n;
}

// Prints frames in Go's format. Returns whether it printed any.
static bool
print_in_go_format(struct log *log, uint64_t address, uint64_t pc)
{
	struct rcgo_frame frames[RCGO_FRAMES_MAX];
	size_t n = frames_of(log, address, frames);

	for (size_t i = 0; i < n; i++) {
		printf("%s\n\t", function_of(log, &frames[i]));
		if (frames[i].file != NULL) {
			printf("%s:%u ", frames[i].file, frames[i].line);
		}
		printf("pc=0x%" PRIx64 "\n", pc);
	}
	return n > 0;
}

// Prints frames within a line. Returns whether it printed any.
static bool
print_in_line(struct log *log, uint64_t address, const char *before, const char *behind)
{
	struct rcgo_frame frames[RCGO_FRAMES_MAX];
	size_t n = frames_of(log, address, frames);

	for (size_t i = 0; i < n; i++) {
		fputs(i == 0 ? before : " (inlined by) ", stdout);
		fputs(function_of(log, &frames[i]), stdout);
		if (frames[i].file != NULL) {
			printf(" at %s:%u", frames[i].file, frames[i].line);
		}
	}
	if (n > 0) {
		fputs(behind, stdout);
	}
	return n > 0;
}

// Rewrites line i of the log and the next line, if they have no source line. Returns whether both
// were printed. The frames of one program counter are adjacent. If one of them has a source line,
// the log already has the whole chain of inlined functions.
static bool
rewrite_pair(struct log *log, const struct strings *lines, size_t i)
{
	const char *line = lines->at[i], *next = i + 1 < lines->n ? lines->at[i + 1] : NULL;
	uint64_t pc, address, offset;
	const char *end;

	if (line[0] == '\t' || !log_place(next, &pc)) {
		return false;
	}
	if (log_told_at(lines, i + 3, pc) || (i > 0 && log_told_at(lines, i - 1, pc)) ||
		log_names_source(log->program, next)) {
		return false;
	}
	if (log_offset(log->program, line, &offset, &end) != NULL) {
		return print_in_go_format(log, offset, pc);
	}
	// NAME+0xOFFSET with another name refers to another file.
	return strstr(line, "+0x") == NULL && place(log, pc, &address) &&
	       print_in_go_format(log, address, pc);
}

// Returns the position of the program counter at which a signal arrived, or NULL.
static const char *
signal_at(const char *line)
{
	const char *in = has_prefix(line, SIGNAL_IN) ? strstr(line, SIGNAL_IN_AT) : NULL;

	if (has_prefix(line, SIGNAL_AT)) {
		return line + strlen(SIGNAL_AT);
	}
	return in == NULL ? NULL : in + strlen(SIGNAL_IN_AT);
}

static bool
rewrite_line(struct log *log, const char *line)
{
	uint64_t pc, address, offset;
	const char *start, *end;

	if (has_prefix(line, NAMELESS_AT)) {
		end = log_hex(line + strlen(NAMELESS_AT), &pc);
		return end != NULL && *end == 0 && place(log, pc, &address) &&
		       print_in_go_format(log, address, pc);
	}
	start = signal_at(line);
	if (start != NULL) {
		end = log_hex(start, &pc);
		if (end == NULL || !place(log, pc, &address)) {
			return false;
		}
		fputs(line, stdout);
		print_in_line(log, address, " (", ")");
		puts("");
		return true;
	}
	start = log_offset(log->program, line, &offset, &end);
	if (start != NULL) {
		printf("%.*s", (int)(start - line), line);
		if (!print_in_line(log, offset, "", "")) {
			printf("%.*s", (int)(end - start), start);
		}
		puts(end);
	}
	return start != NULL;
}

// Finds the load address from a frame that has both a program counter and an offset.
static void
find_load_bias(struct log *log, const struct strings *lines)
{
	for (size_t i = 0; i + 1 < lines->n && !log->placed; i++) {
		uint64_t pc, offset;
		const char *end;

		if (log_offset(log->program, lines->at[i], &offset, &end) != NULL &&
			log_place(lines->at[i + 1], &pc)) {
			log->bias = pc - offset;
			log->placed = true;
		}
	}
}

// Removes the zeros of a line: a log that was cut while a program wrote to it begins with many.
static size_t
drop_zeros(char *line, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i++) {
		if (line[i] != '\0') {
			line[n++] = line[i];
		}
	}
	line[n] = '\0';
	return n;
}

static struct strings
read_lines(const char *path)
{
	FILE *in = path != NULL && strcmp(path, "-") != 0 ? fopen(path, "re") : stdin;
	struct strings lines = {0};
	char *line = NULL;
	size_t room = 0;

	if (in == NULL) {
		fail(fmt("cannot read %s: %m", path), NULL, NULL);
	}
	for (ssize_t got; (got = getline(&line, &room, in)) >= 0;) {
		size_t n = drop_zeros(line, (size_t)got);

		if (lines.n == 0) {
			log_check_text(line, n, path);
		}
		while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r')) {
			line[--n] = '\0';
		}
		strings_add(&lines, xstrdup(line));
	}
	if (ferror(in) != 0) {
		fail(fmt("cannot read %s: %m", path != NULL ? path : "standard input"), NULL, NULL);
	}
	free(line);
	return lines;
}

static void
check_debug(const struct log *log, const char *debug)
{
	struct rcgo_elf elf;
	int err = rcgo__debugfile_match(&elf, debug, rcgo__elf_build_id(&log->symbols.elf));

	if (err != 0) {
		fail(fmt(err == -ESTALE ? "%s is not the debug information of %s"
					: "cannot read %s, the debug information of %s",
			     debug, log->program),
			err == -ESTALE ? "their build-ids differ, so names would be wrong" : NULL,
			"take the file that was made with the program");
	}
	rcgo__elf_close(&elf);
}

static void
rewrite(struct log *log, const struct strings *lines)
{
	for (size_t i = 0; i < lines->n; i++) {
		if (rewrite_pair(log, lines, i)) {
			i++;
		} else if (!rewrite_line(log, lines->at[i])) {
			log_print(lines->at[i], log->demangle);
		}
	}
	if (log->lost > 0) {
		warn(problem(fmt("%u addresses are left as they were", log->lost),
			fmt("%s can be loaded anywhere, and the log does not say where it was",
				log->program),
			"give its load address with --base"));
	}
}

// Prints the log. For a terminal, collects the output and makes control characters visible.
static void
print_rewritten(struct log *log, const struct strings *lines)
{
	FILE *terminal = stdout;
	char *text = NULL;
	size_t size = 0;

	if (!isatty(1)) {
		rewrite(log, lines);
		return;
	}
	fflush(stdout);
	stdout = open_memstream(&text, &size);
	if (stdout == NULL) {
		stdout = terminal;
		fail("out of memory", NULL, NULL);
	}
	rewrite(log, lines);
	fclose(stdout);
	stdout = terminal;
	log_print_visible(text);
	free(text);
}

static void
take_base(struct log *log, const char *base)
{
	const char *end = base != NULL ? log_hex(base, &log->bias) : "";

	if (end == NULL || *end != 0) {
		usage_error("symbolize", "--base wants an address such as 0x555555554000");
	}
	log->placed = base != NULL;
}

int
cmd_symbolize(int argc, char **argv)
{
	static const struct option longs[] = {{"base", required_argument, NULL, 'b'},
		{"debug", required_argument, NULL, 'd'}, {"demangle", no_argument, NULL, 'C'},
		{"exe", required_argument, NULL, 'e'}, {0}};
	struct log log = {0};
	const char *debug = NULL, *base = NULL;
	struct strings lines;

	opterr = 0; // usage_flag prints the message
	for (int c; (c = getopt_long(argc, argv, "b:Cd:e:", longs, NULL)) != -1;) {
		switch (c) {
		case 'b':
			base = optarg;
			break;
		case 'C':
			log.demangle = true;
			break;
		case 'd':
			debug = optarg;
			break;
		case 'e':
			log.program = optarg;
			break;
		default:
			usage_flag("symbolize", argv);
		}
	}
	if (log.program == NULL) {
		usage_error("symbolize", "symbolize wants the program that crashed: -e PROGRAM");
	}
	if (argc - optind > 1) {
		usage_error("symbolize", "symbolize reads one log, got %s too", argv[optind + 1]);
	}
	take_base(&log, base);
	symbols_open(&log.symbols, log.program, debug);
	if (debug != NULL) {
		check_debug(&log, debug);
	}
	log.placed |= log.symbols.elf.type == ET_EXEC;
	lines = read_lines(argv[optind]);
	find_load_bias(&log, &lines);
	print_rewritten(&log, &lines);
	symbols_close(&log.symbols);
	return 0;
}
