// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: what the probes of all CPUs, regs_probe_*.S, have in common.
#ifndef REGS_PROBE_H
#define REGS_PROBE_H

// clang-format off
// LANDING: the instruction at which an indirect call may arrive, where a CPU has one.
#ifndef LANDING
#define LANDING
#endif
#define BEGIN(name) \
	.text; .balign 2; .globl name; .type name, %function; name: .cfi_startproc; LANDING
#define END(name) .cfi_endproc; .size name, . - name

// The words of the probes, of size bytes each, and the end of the file.
#define PROBE_WORDS(size) \
	.local unit_probe_sp; \
	.comm unit_probe_sp, size, size; \
	.globl unit_probe_g, unit_probe_setg_sp, unit_probe_fn_sp; \
	.comm unit_probe_g, size, size; \
	.comm unit_probe_setg_sp, size, size; \
	.comm unit_probe_fn_sp, size, size; \
	.section .note.GNU-stack, "", %progbits
// clang-format on

#endif // REGS_PROBE_H
