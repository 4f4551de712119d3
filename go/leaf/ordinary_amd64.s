// SPDX-License-Identifier: BSD-3-Clause
// Ordinary calls on amd64: from a Go func value to a Go function that makes a cgo call.

//go:build cgo && !windows && !msan

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"

// The closure is in DX and the arguments are in registers (entry_amd64.s). An entry stores them in
// a ccall.Call in its frame, AT bytes above SP. Then it calls the Go function at closure_goPC,
// with arguments in the registers of Go's internal ABI: the closure, the address of the Call, and
// each integer argument again, or 0 if the closure says that it is not a pointer. Below the Call
// is the space that this ABI requires for spilling these registers. The entries are NOSPLIT,
// because growth of the stack would not preserve the argument registers; the Go function checks
// the size of the stack.
//
//	Call: fn 0, Ints 8, Floats 56, Result 120, FResult 128, Kind 136, Err 140

#define RUN(AT) \
	MOVQ	closure_fn(DX), AX; \
	MOVQ	AX, AT(SP); \
	LEAQ	AT(SP), BX; \
	MOVQ	DX, AX; \
	MOVQ	closure_goPC(DX), R11; \
	CALL	R11

#define POINTER(REG, INDEX, TO) \
	MOVQ	REG, TO; \
	ANDQ	closure_pointers+(INDEX*8)(DX), TO

#define TWOINTS(AT) \
	MOVQ	AX, AT+8(SP); \
	MOVQ	BX, AT+16(SP); \
	POINTER(BX, 1, DI); \
	POINTER(AX, 0, CX)

#define SIXINTS(AT) \
	MOVQ	CX, AT+24(SP); \
	MOVQ	DI, AT+32(SP); \
	MOVQ	SI, AT+40(SP); \
	MOVQ	R8, AT+48(SP); \
	POINTER(R8, 5, R10); \
	POINTER(SI, 4, R9); \
	POINTER(DI, 3, R8); \
	POINTER(CX, 2, SI); \
	TWOINTS(AT); \
	MOVL	closure_kind(DX), R11; \
	MOVL	R11, AT+136(SP)

TEXT ·enterTwo(SB), NOSPLIT, $176-0
	NO_LOCAL_POINTERS
	TWOINTS(32)
	RUN(32)
	MOVQ	32+120(SP), AX
	RET

TEXT ·enterSix(SB), NOSPLIT, $208-0
	NO_LOCAL_POINTERS
	SIXINTS(64)
	RUN(64)
	MOVQ	64+120(SP), AX
	MOVL	64+140(SP), BX
	RET

TEXT ·enterFloats(SB), NOSPLIT, $160-0
	NO_LOCAL_POINTERS
	MOVSD	X0, 16+56(SP)
	MOVSD	X1, 16+64(SP)
	MOVSD	X2, 16+72(SP)
	RUN(16)
	MOVSD	16+128(SP), X0
	RET

TEXT ·enterAny(SB), NOSPLIT, $208-0
	NO_LOCAL_POINTERS
	SIXINTS(64)
	MOVSD	X0, 64+56(SP)
	MOVSD	X1, 64+64(SP)
	MOVSD	X2, 64+72(SP)
	MOVSD	X3, 64+80(SP)
	MOVSD	X4, 64+88(SP)
	MOVSD	X5, 64+96(SP)
	MOVSD	X6, 64+104(SP)
	MOVSD	X7, 64+112(SP)
	RUN(64)
	MOVQ	64+120(SP), AX
	MOVSD	64+128(SP), X0
	MOVL	64+140(SP), BX
	RET

// The addresses of the entries. In Go, the func value of an assembly function has the address of a
// wrapper around it.
DATA ·ordinaryPC+0(SB)/8, $·enterTwo(SB)
DATA ·ordinaryPC+8(SB)/8, $·enterSix(SB)
DATA ·ordinaryPC+16(SB)/8, $·enterFloats(SB)
DATA ·ordinaryPC+24(SB)/8, $·enterAny(SB)
GLOBL ·ordinaryPC(SB), NOPTR|RODATA, $128
