// SPDX-License-Identifier: BSD-3-Clause
// Descriptions of a crash: names and meanings of signals. Runs in signal handlers.
// Contract: sigaction(2), si_code.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // TRAP_BRKPT
#endif
#include "crash_report.h"

struct code {
	int sig;
	int code;
	const char *text;
};

static const struct code codes[] = {
	{SIGSEGV, SEGV_MAPERR, "nothing is mapped there"},
	{SIGSEGV, SEGV_ACCERR, "the access is not permitted there"},
	{SIGSEGV, SI_KERNEL, "a general protection fault, for example a non-canonical address"},
	{SIGBUS, BUS_ADRALN, "the address is not aligned"},
	{SIGBUS, BUS_ADRERR, "no memory is there, for example beyond the end of a mapped file"},
	{SIGBUS, BUS_OBJERR, "the hardware failed"},
	{SIGFPE, FPE_INTDIV, "integer division by zero"},
	{SIGFPE, FPE_INTOVF, "integer overflow"},
	{SIGFPE, FPE_FLTDIV, "floating point division by zero"},
	{SIGFPE, FPE_FLTINV, "invalid floating point operation"},
	{SIGILL, ILL_ILLOPC, "illegal opcode"},
	{SIGILL, ILL_ILLOPN, "illegal operand"},
	{SIGILL, ILL_PRVOPC, "privileged instruction"},
	{SIGTRAP, TRAP_BRKPT, "a breakpoint"},
	{SIGTRAP, SI_KERNEL, "a breakpoint"},
};

const char *
rcgo__crash_signal(int sig)
{
	switch (sig) {
	case SIGSEGV:
		return "SIGSEGV: segmentation violation";
	case SIGBUS:
		return "SIGBUS: bus error";
	case SIGFPE:
		return "SIGFPE: arithmetic error";
	case SIGILL:
		return "SIGILL: illegal instruction";
	case SIGTRAP:
		return "SIGTRAP: trap";
	case SIGABRT:
		return "SIGABRT: abort";
	case SIGSYS:
		return "SIGSYS: bad system call";
	default:
		return "a signal";
	}
}

const char *
rcgo__crash_code(int sig, int code)
{
	for (size_t i = 0; i < RCGO_COUNTOF(codes); i++) {
		if (codes[i].sig == sig && codes[i].code == code) {
			return codes[i].text;
		}
	}
	return "";
}
