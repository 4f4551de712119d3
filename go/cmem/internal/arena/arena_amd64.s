// SPDX-License-Identifier: BSD-3-Clause
// The two steps of every call with a string: an arena for this thread, and a copy of the string in it.

//go:build linux && !race && !msan && !asan

#include "go_asm.h"
#include "textflag.h"

// Both are called as func values, like the entries of package leaf: DX points to a closure, the arguments are in the
// registers of Go's internal ABI, and rare cases jump to the Go function of the closure as if it had been called
// directly.

// take() (AX): returns the slot of this thread, if it is free. Only this thread makes its own slot busy, and no
// goroutine leaves its thread between these instructions, because they are assembly. On amd64, the store that frees a
// slot becomes visible after the freeing thread's other stores. So no locked instruction is needed, except to acquire
// ownership of a slot. The word at FS:0 is the thread's own address, on every libc.
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

// copyString(space AX, text BX, length CX) (pointer AX, error BX CX) copies in pieces of 32 bytes, because C reads the
// result at once and in such pieces: a load that spans several smaller stores stalls. The last piece is filled with
// zeros, which also terminate the string. It is read beyond the string's end if that is in the same page.
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
	LEAQ	-32(R8), R10 // the bytes in complete pieces
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
	LEAQ	masks<>(SB), R11 // any readable address: no byte of it is used
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
