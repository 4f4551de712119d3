// SPDX-License-Identifier: BSD-3-Clause
// The two steps that every call with a string takes: an arena for this thread, and a copy of the string in it.

//go:build linux && !race && !msan && !asan

#include "go_asm.h"
#include "textflag.h"

// Both are run as func values, as the entries of package leaf are: DX points to a closure, the
// arguments are where Go's internal ABI has them, and what is not usual is left to the Go function of the
// closure, which is jumped to as if it had been called at once.

// take() (AX): the slot of this thread, if it is free. Only this thread ever makes a slot of its
// own busy, no goroutine is taken off its thread between these instructions, for they are assembly, and on
// amd64 the thread that frees a slot is seen to have done so after all else that it did to it: so nothing
// here needs a locked instruction, except to make a slot one's own. The word at FS:0 is the
// thread's own address, on every libc.
TEXT ·take(SB), NOSPLIT|NOFRAME, $0-0
	BYTE	$0x64; BYTE $0x48; BYTE $0x8b; BYTE $0x0c; BYTE $0x25; LONG $0 // MOVQ FS:0, CX
	MOVQ	$const_spread, AX
	IMULQ	CX, AX
	SHRQ	$(64-const_SlotBits), AX
	SHLQ	$const_slotShift, AX
	ADDQ	closure_slots(DX), AX
	CMPQ	Space_owner(AX), CX
	JNE	search
found:
	CMPL	Space_busy(AX), $0
	JNE	slow
	MOVL	$1, Space_busy(AX)
	RET
search:
	MOVL	$const_tries, BX
	MOVQ	AX, DI
try:
	XORL	AX, AX
	LOCK
	CMPXCHGQ	CX, Space_owner(DI)
	JEQ	mine
	CMPQ	AX, CX
	JEQ	mine
	ADDQ	$const_SlotSize, DI
	DECL	BX
	JNE	try
slow:
	MOVQ	closure_slow(DX), CX
	JMP	CX
mine:
	MOVQ	DI, AX
	JMP	found

// copyString(space AX, text BX, length CX) (pointer AX, error BX CX) copies in pieces of 32 bytes, for C
// reads what it gets at once and in such pieces: a read of what was written in smaller ones waits.
// The last piece is filled with zeros, so it ends the string, and is read from beyond its end
// where that is in the same page.
TEXT ·copyString(SB), NOSPLIT|NOFRAME, $0-0
	CMPQ	CX, $const_longest
	JHI	slow
	MOVQ	Space_At(AX), DI
	MOVQ	Space_End(AX), SI
	SUBQ	DI, SI
	LEAQ	32(CX), R8
	ANDQ	$~31, R8
	CMPQ	R8, SI
	JHI	slow
	LEAQ	-32(R8), R10 // bytes in whole pieces
	MOVQ	CX, R9
	ANDL	$31, R9
	JEQ	whole
	LEAQ	(BX)(R10*1), R11
	MOVQ	R11, R12
	ANDL	$4095, R12
	CMPL	R12, $(4096-32)
	JHI	slow
after:
	LEAQ	masks<>+32(SB), R12
	SUBQ	R9, R12
	VMOVDQU	(R12), Y4
	VPXOR	X0, X0, X0
	VPXOR	X1, X1, X1
	XORL	R9, R9
	CMPQ	R9, R10
	JEQ	rest
piece:
	VMOVDQU	(BX)(R9*1), Y2
	VMOVDQU	Y2, (DI)(R9*1)
	VPCMPEQB	Y2, Y0, Y3
	VPOR	Y3, Y1, Y1
	ADDQ	$32, R9
	CMPQ	R9, R10
	JNE	piece
rest:
	VPAND	(R11), Y4, Y2
	VMOVDQU	Y2, (DI)(R10*1)
	VPCMPEQB	Y2, Y0, Y3
	VPAND	Y4, Y3, Y3
	VPOR	Y3, Y1, Y1
	VPTEST	Y1, Y1
	VZEROUPPER
	JNE	slow
	ADDQ	DI, R8
	MOVQ	R8, Space_At(AX)
	MOVQ	DI, AX
	XORL	BX, BX
	XORL	CX, CX
	RET
whole:
	LEAQ	masks<>(SB), R11 // anything that can be read: none of it is wanted
	JMP	after
slow:
	MOVQ	closure_slow(DX), DX
	JMP	DX

DATA masks<>+0(SB)/8, $-1
DATA masks<>+8(SB)/8, $-1
DATA masks<>+16(SB)/8, $-1
DATA masks<>+24(SB)/8, $-1
GLOBL masks<>(SB), NOPTR|RODATA, $64

// func hasAVX2() bool
TEXT ·hasAVX2(SB), NOSPLIT, $0-1
	MOVB	$0, ret+0(FP)
	XORL	AX, AX
	CPUID
	CMPL	AX, $7
	JCS	no
	MOVL	$1, AX
	XORL	CX, CX
	CPUID
	ANDL	$(1<<27|1<<28), CX // OSXSAVE and AVX
	CMPL	CX, $(1<<27|1<<28)
	JNE	no
	XORL	CX, CX
	XGETBV
	ANDL	$6, AX // the system keeps XMM and YMM
	CMPL	AX, $6
	JNE	no
	MOVL	$7, AX
	XORL	CX, CX
	CPUID
	SHRL	$5, BX
	ANDL	$1, BX
	MOVB	BX, ret+0(FP)
no:
	RET

DATA ·takePC(SB)/8, $·take(SB)
GLOBL ·takePC(SB), NOPTR|RODATA, $8
DATA ·copyStringPC(SB)/8, $·copyString(SB)
GLOBL ·copyStringPC(SB), NOPTR|RODATA, $8
