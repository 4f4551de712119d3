// SPDX-License-Identifier: BSD-3-Clause
// Functions shared by the subcommands that symbolize addresses. backtrace/symbolize does the work.
#ifndef SYMBOLS_H
#define SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "elf_reader.h"
#include "symbolizer.h"
#include "symbol_table.h"

struct symbols {
	struct rcgo_arena arena;
	struct rcgo_object *object;
	struct rcgo_elf elf; // the program itself
	struct rcgo_symtab table;
	unsigned lookups;	// lookups in the table
	uint32_t discriminator; // of the last address; distinguishes parts of a line
};

// Opens the program, and the file with its debug information (debug NULL: search for it). Ends rcgo
// on failure.
void symbols_open(struct symbols *s, const char *program, const char *debug);
void symbols_close(struct symbols *s);

// Stores the frames of an address, innermost first. Returns their number; 0 if nothing is known.
size_t symbols_frames(struct symbols *s, uint64_t address, struct rcgo_frame *frames, size_t max);

// Returns whether a section of the program contains this address.
bool symbols_has(const struct symbols *s, uint64_t address);

// Stores the address of the function with this name. Returns whether there is one.
bool symbols_address(const struct symbols *s, const char *name, uint64_t *address);

// Returns the demangled name, or name itself. The result is valid until the next call, and the
// caller must not free it. no_recurse_limit: as addr2line's option.
const char *symbols_demangle(const char *name, bool no_recurse_limit);

// demangle_linux.c, demangle_freebsd.c: the demangler behind it. Returns memory of malloc; NULL if
// name is not mangled.
char *demangle_name(const char *name, bool no_recurse_limit);
// Sets the style of the names to come. Returns false for a style that is not known.
bool demangle_set_style(const char *style);

// Returns the part of path after the last slash.
const char *symbols_base_name(const char *path);

// crash_log.c: parses lines of a Go crash log

// Parses a hexadecimal number with prefix 0x at s. Returns the text after it, or NULL if there is
// none.
const char *log_hex(const char *s, uint64_t *value);

// Parses the program counter of the second line of a frame, if that line has no source line:
// "\tpc=0x…", or a file with line 0. line may be NULL.
bool log_place(const char *line, uint64_t *pc);

// Parses the program counter of the second line of a C frame. Sets *told if that line has a source
// line.
bool log_frame(const char *line, uint64_t *pc, bool *told);

// Returns whether line i of the log is the second line of a frame with this program counter, and
// has a source line.
struct strings;
bool log_told_at(const struct strings *lines, size_t i, uint64_t pc);

// Prints a line. If demangle is set, demangles the names in it.
void log_print(const char *line, bool demangle);

// log_text.c
void log_check_text(const char *line, size_t size, const char *path);
void log_print_visible(const char *text);

// Returns whether place, a line that log_place accepts, names a file other than PROGRAM: a source
// file whose line is unknown.
bool log_names_source(const char *program, const char *place);

// Finds PROGRAM+0xOFFSET in line, by the base name of PROGRAM. Returns its start and sets *end to
// the text after it; NULL if there is none.
const char *log_offset(const char *program, const char *line, uint64_t *offset, const char **end);

#endif
