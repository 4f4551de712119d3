// SPDX-License-Identifier: BSD-3-Clause
// What the verbs that name addresses share. The work is that of runtime/traceback/symbolize.
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
	struct rcgo_elf elf; // of the program itself
	struct rcgo_symtab table;
	unsigned looks;		// in the table
	uint32_t discriminator; // of the last address; tells parts of a line apart
};

// Opens the program, and the file with its debug information if that is not to be searched for.
// Ends rcgo when it cannot.
void symbols_open(struct symbols *s, const char *program, const char *debug);
void symbols_close(struct symbols *s);

// Describes an address: frames, the innermost first. Returns how many; 0 when nothing is known.
size_t symbols_frames(struct symbols *s, uint64_t address, struct rcgo_frame *frames, size_t max);

// Whether some section of the program has this address.
bool symbols_has(const struct symbols *s, uint64_t address);

// The address of the function of this name. Returns whether there is one.
bool symbols_address(const struct symbols *s, const char *name, uint64_t *address);

// The name as the source has it, or as it is. The caller does not free it; it lives until the next
// call.
const char *symbols_demangle(const char *name, int flags);

// The part of path behind the last slash.
const char *symbols_base_name(const char *path);

// crash_log.c: what the lines of a Go crash log say of addresses

// Reads a hexadecimal number with 0x at s. Returns what follows it, or NULL when there is none.
const char *log_hex(const char *s, uint64_t *value);

// Reads the program counter of the second line of a frame, if that line tells of no place in the
// source: "\tpc=0x…", or with a file but line 0. line may be NULL.
bool log_place(const char *line, uint64_t *pc);

// Reads the program counter of the second line of a frame of C. *told says whether that line tells
// a place in the source.
bool log_frame(const char *line, uint64_t *pc, bool *told);

// Whether line number i of the log is the second one of a frame with this program counter, and
// tells a place in the source.
struct strings;
bool log_told_at(const struct strings *lines, size_t i, uint64_t pc);

// Prints a line; where demangle is set, with the names in it that are mangled as the source has
// them.
void log_print(const char *line, bool demangle);

// Whether place, a line that log_place takes, names a file other than PROGRAM: a source whose line
// is not known.
bool log_names_source(const char *program, const char *place);

// Finds PROGRAM+0xOFFSET in line, by PROGRAM's last part. Returns where it begins, or NULL; *end is
// set behind it.
const char *log_offset(const char *program, const char *line, uint64_t *offset, const char **end);

#endif
