// SPDX-License-Identifier: BSD-3-Clause
// Compares the lengths of instructions, and where they jump, with those of objdump.
// usage: objdump -d -w FILE | insns
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stack_emulate.h"

void
emulate_set(struct emulated *e, unsigned reg, bool known, uint64_t value)
{
	(void)e, (void)reg, (void)known, (void)value;
}

bool
emulate_known(const struct emulated *e, unsigned reg)
{
	(void)e, (void)reg;
	return false;
}

void
emulate_add(struct emulated *e, unsigned to, unsigned from, uint64_t n)
{
	(void)e, (void)to, (void)from, (void)n;
}

void
emulate_load(struct walk *w, struct emulated *e, unsigned reg, unsigned base, uint64_t offset)
{
	(void)w, (void)e, (void)reg, (void)base, (void)offset;
}

void
emulate_store(struct emulated *e, unsigned base, uint64_t offset, bool known, uint64_t value)
{
	(void)e, (void)base, (void)offset, (void)known, (void)value;
}

bool
walk_word(struct walk *w, uint64_t address, uint64_t *word)
{
	(void)w, (void)address, (void)word;
	return false;
}

// Which flow the mnemonic of objdump has.
static enum flow
flow_of(const char *text)
{
	static const struct {
		const char *name;
		enum flow flow;
	} names[] = {{"call *", FLOW_CALL}, {"call", FLOW_CALL}, {"jmp    *", FLOW_JUMP_UNKNOWN},
		{"jmp *", FLOW_JUMP_UNKNOWN}, {"jmp", FLOW_JUMP}, {"ret", FLOW_RETURN},
		{"hlt", FLOW_END}, {"ud2", FLOW_END}, {"int3", FLOW_END}, {"j", FLOW_BRANCH},
		{"loop", FLOW_BRANCH}};

	while (strncmp(text, "bnd ", 4) == 0 || strncmp(text, "notrack ", 8) == 0 ||
		strncmp(text, "repz ret", 8) == 0 || strncmp(text, "cs ", 3) == 0) {
		text = strchr(text, ' ') + 1;
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strncmp(text, names[i].name, strlen(names[i].name)) == 0) {
			return names[i].flow;
		}
	}
	return FLOW_NEXT;
}

static bool
is_same(uint64_t pc, const uint8_t *code, unsigned size, char *text)
{
	struct emulated e = {.regs.pc = pc};
	struct insn insn = {0};
	enum flow flow = cpu_emulate(NULL, &e, code, &insn), want = flow_of(text);
	const char *target = strchr(text, ' ');

	if (strstr(text, "(bad)") != NULL) {
		return true;
	}
	if (want == FLOW_CALL && insn.target == pc + size) {
		want = FLOW_NEXT; // the call pushes the program counter
	}
	if (insn.size != size || flow != want) {
		return false;
	}
	return (flow != FLOW_JUMP && flow != FLOW_BRANCH) || target == NULL ||
	       strtoull(text + strcspn(text, "0123456789"), NULL, 16) == insn.target ||
	       strtoull(target + strspn(target, " "), NULL, 16) == insn.target;
}

int
main(void)
{
	static char line[4096];
	unsigned long all = 0, wrong = 0;

	while (fgets(line, sizeof line, stdin) != NULL) {
		char *bytes = strchr(line, '\t'),
		     *text = bytes != NULL ? strchr(bytes + 1, '\t') : NULL;
		uint8_t code[INSN_MAX] = {0};
		unsigned size = 0;

		if (text == NULL) {
			continue;
		}
		*text = 0;
		for (char *at = bytes + 1; at < text && size < INSN_MAX;) {
			char *end;
			unsigned long n = strtoul(at, &end, 16);

			if (end == at) {
				break;
			}
			code[size++] = (uint8_t)n;
			at = end;
		}
		all++;
		if (!is_same(strtoull(line, NULL, 16), code, size, text + 1)) {
			fputs(line, stdout);
			wrong++;
		}
	}
	printf("%lu instructions, %lu wrong\n", all, wrong);
	return wrong != 0 || all == 0;
}
