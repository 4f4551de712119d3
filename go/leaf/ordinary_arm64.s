// SPDX-License-Identifier: BSD-3-Clause
// Ordinary calls on arm64. The scheme is that of ordinary_amd64.s; the closure is in R26.

//go:build cgo && !windows && !msan

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"

#define RUN(AT) \
	MOVD	closure_fn(R26), R8; \
	MOVD	R8, AT(RSP); \
	ADD	$AT, RSP, R1; \
	MOVD	R26, R0; \
	MOVD	closure_goPC(R26), R8; \
	BL	(R8)

#define POINTER(REG, INDEX, TO) \
	MOVD	closure_pointers+(INDEX*8)(R26), R8; \
	AND	R8, REG, TO

#define TWOINTS(AT) \
	MOVD	R0, AT+8(RSP); \
	MOVD	R1, AT+16(RSP); \
	POINTER(R1, 1, R3); \
	POINTER(R0, 0, R2)

#define SIXINTS(AT) \
	MOVD	R2, AT+24(RSP); \
	MOVD	R3, AT+32(RSP); \
	MOVD	R4, AT+40(RSP); \
	MOVD	R5, AT+48(RSP); \
	POINTER(R5, 5, R7); \
	POINTER(R4, 4, R6); \
	POINTER(R3, 3, R5); \
	POINTER(R2, 2, R4); \
	TWOINTS(AT); \
	MOVW	closure_kind(R26), R8; \
	MOVW	R8, AT+136(RSP)

TEXT ·enterTwo(SB), NOSPLIT, $184-0
	NO_LOCAL_POINTERS
	TWOINTS(40)
	RUN(40)
	MOVD	40+120(RSP), R0
	RET

TEXT ·enterSix(SB), NOSPLIT, $216-0
	NO_LOCAL_POINTERS
	SIXINTS(72)
	RUN(72)
	MOVD	72+120(RSP), R0
	MOVWU	72+140(RSP), R1
	RET

TEXT ·enterFloats(SB), NOSPLIT, $168-0
	NO_LOCAL_POINTERS
	FMOVD	F0, 24+56(RSP)
	FMOVD	F1, 24+64(RSP)
	FMOVD	F2, 24+72(RSP)
	RUN(24)
	FMOVD	24+128(RSP), F0
	RET

TEXT ·enterAny(SB), NOSPLIT, $216-0
	NO_LOCAL_POINTERS
	SIXINTS(72)
	FMOVD	F0, 72+56(RSP)
	FMOVD	F1, 72+64(RSP)
	FMOVD	F2, 72+72(RSP)
	FMOVD	F3, 72+80(RSP)
	FMOVD	F4, 72+88(RSP)
	FMOVD	F5, 72+96(RSP)
	FMOVD	F6, 72+104(RSP)
	FMOVD	F7, 72+112(RSP)
	RUN(72)
	MOVD	72+120(RSP), R0
	FMOVD	72+128(RSP), F0
	MOVWU	72+140(RSP), R1
	RET

DATA ·ordinaryPC+0(SB)/8, $·enterTwo(SB)
DATA ·ordinaryPC+8(SB)/8, $·enterSix(SB)
DATA ·ordinaryPC+16(SB)/8, $·enterFloats(SB)
DATA ·ordinaryPC+24(SB)/8, $·enterAny(SB)
GLOBL ·ordinaryPC(SB), NOPTR|RODATA, $128
