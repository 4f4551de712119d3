// SPDX-License-Identifier: BSD-3-Clause
// Leaf calls on arm64: from a Go func value to C on the system stack and back.

//go:build linux && cgo

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"

// The scheme is that of entry_amd64.s, with these registers. R26 holds the address of the
// closure { code, function, trampoline, isPointer }. R0-R5 and F0-F7 hold the arguments, and R0
// and F0 the result, both in Go and in C. C preserves R19-R29, so values that are needed after
// the call are there:
//
//	R19 the goroutine's SP    R20 m    R21 LR    R22 the previous m.ncgo    R23 function    R24 trampoline
//	R25 g    R26 isPointer
//
// The return address is stored where the frame of call would begin, because an unwinder looks for
// it there. A NOSPLIT function may use 792 bytes of the goroutine's stack below its caller's frame.
#define FRAME 704

// SAVE_G stores g in thread-local storage, where signal handlers look for it. The slot is found at
// start (tls_arm64.go), because the linker of Go 1.27 forbids references to the runtime's save_g.
#define SAVE_G \
	MRS	TPIDR_EL0, R8; \
	MOVD	·tlsOffset(SB), R9; \
	MOVD	g, (R8)(R9)

#define MOVE \
	MOVD	8(R26), R23; \
	MOVD	16(R26), R24; \
	MOVD	24(R26), R26; \
	MOVD	48(g), R20; \
	MOVD	RSP, R19; \
	MOVD	R30, R21

#define LEAVE(SELF, SYSCALLSP, SYSCALLPC, CURG, NCGO) \
	MOVD	CURG(R20), R8; \
	CMP	R8, g; \
	BNE	system; \
	MOVD	$SELF+8(SB), R8; \
	MOVD	R8, 64(g); \
	MOVD	R19, 56(g); \
	MOVD	$·call+8(SB), R9; \
	SUB	$FRAME, R19, R10; \
	MOVD	R21, (R10); \
	MOVD	R9, SYSCALLPC(g); \
	MOVD	R10, SYSCALLSP(g); \
	MOVW	NCGO(R20), R22; \
	ADDW	$1, R22, R8; \
	MOVW	R8, NCGO(R20); \
	MOVD	g, R25; \
	MOVD	0(R20), g; \
	SAVE_G; \
	MOVD	56(g), R9; \
	AND	$~15, R9; \
	MOVD	R9, RSP

#define RETURN(SYSCALLSP, NCGO) \
	MOVD	R25, g; \
	SAVE_G; \
	MOVD	R19, RSP; \
	MOVW	R22, NCGO(R20); \
	MOVD	ZR, SYSCALLSP(g); \
	MOVD	R21, R30; \
	MOVD	16(g), R8; \
	CMP	R8, R19; \
	BLS	preempt; \
	RET; \
preempt: \
	B	·yield(SB)

#define CALLERRNO \
	SUB	$16, RSP; \
	MOVD	R23, R6; \
	MOVD	RSP, R7; \
	BL	(R24); \
	MOVWU	0(RSP), R1

#define STAY \
	MOVD	R19, R9; \
	AND	$~15, R9; \
	MOVD	R9, RSP

#define BACK \
	MOVD	R19, RSP; \
	MOVD	R21, R30; \
	RET

#define LAYOUT(PLAIN, SECOND, FIRST, SYSCALLSP, SYSCALLPC, CURG, NCGO) \
TEXT PLAIN(SB), NOSPLIT|NOFRAME, $0-0; \
	MOVE; \
	LEAVE(PLAIN, SYSCALLSP, SYSCALLPC, CURG, NCGO); \
	BL	(R23); \
	RETURN(SYSCALLSP, NCGO); \
system: \
	STAY; \
	BL	(R23); \
	BACK; \
TEXT SECOND(SB), NOSPLIT|NOFRAME, $0-0; \
	MOVE; \
	LEAVE(SECOND, SYSCALLSP, SYSCALLPC, CURG, NCGO); \
	CALLERRNO; \
	RETURN(SYSCALLSP, NCGO); \
system: \
	STAY; \
	CALLERRNO; \
	BACK; \
TEXT FIRST(SB), NOSPLIT|NOFRAME, $0-0; \
	MOVE; \
	LEAVE(FIRST, SYSCALLSP, SYSCALLPC, CURG, NCGO); \
	CALLERRNO; \
	MOVD	R1, R0; \
	RETURN(SYSCALLSP, NCGO); \
system: \
	STAY; \
	CALLERRNO; \
	MOVD	R1, R0; \
	BACK

// The numbers are the offsets of the rows of layouts in layout.go.
LAYOUT(·call19, ·call19errno, ·call19errno1, 112, 120, 192, 312)
LAYOUT(·call22, ·call22errno, ·call22errno1, 112, 120, 192, 304)
LAYOUT(·call23, ·call23errno, ·call23errno1, 112, 120, 192, 328)
LAYOUT(·call25, ·call25errno, ·call25errno1, 104, 112, 184, 320)
LAYOUT(·call26, ·call26errno, ·call26errno1, 104, 112, 184, 328)

// The entries for a Go version newer than these rows read the offsets from the closure. R20 becomes
// the address of m.ncgo, and R23 that of g.syscallsp. R15 holds the function until it is called.
#define LEAVEANY(SELF) \
	MOVD	8(R26), R15; \
	MOVD	16(R26), R24; \
	MOVWU	closure_syscallSP(R26), R11; \
	MOVWU	closure_syscallPC(R26), R12; \
	MOVWU	closure_curg(R26), R13; \
	MOVWU	closure_ncgo(R26), R14; \
	MOVD	24(R26), R26; \
	MOVD	48(g), R20; \
	MOVD	RSP, R19; \
	MOVD	R30, R21; \
	MOVD	(R20)(R13), R8; \
	CMP	R8, g; \
	BNE	system; \
	MOVD	$SELF+8(SB), R8; \
	MOVD	R8, 64(g); \
	MOVD	R19, 56(g); \
	MOVD	$·call+8(SB), R9; \
	SUB	$FRAME, R19, R10; \
	MOVD	R21, (R10); \
	MOVD	R9, (g)(R12); \
	ADD	R11, g, R23; \
	MOVD	R10, (R23); \
	MOVD	(R20), R13; \
	ADD	R14, R20; \
	MOVW	(R20), R22; \
	ADDW	$1, R22, R8; \
	MOVW	R8, (R20); \
	MOVD	g, R25; \
	MOVD	R13, g; \
	SAVE_G; \
	MOVD	56(g), R9; \
	AND	$~15, R9; \
	MOVD	R9, RSP

#define RETURNANY \
	MOVD	R25, g; \
	SAVE_G; \
	MOVD	R19, RSP; \
	MOVW	R22, (R20); \
	MOVD	ZR, (R23); \
	MOVD	R21, R30; \
	MOVD	16(g), R8; \
	CMP	R8, R19; \
	BLS	preempt; \
	RET; \
preempt: \
	B	·yield(SB)

#define ANYPLAIN BL	(R15)

#define ANYERRNO \
	SUB	$16, RSP; \
	MOVD	R15, R6; \
	MOVD	RSP, R7; \
	BL	(R24); \
	MOVWU	0(RSP), R1

#define FIRST MOVD	R1, R0
#define ASIS

#define ANY(SELF, CALLIT, ERRNO) \
TEXT SELF(SB), NOSPLIT|NOFRAME, $0-0; \
	LEAVEANY(SELF); \
	CALLIT; \
	ERRNO; \
	RETURNANY; \
system: \
	STAY; \
	CALLIT; \
	ERRNO; \
	BACK

ANY(·callAny, ANYPLAIN, ASIS)
ANY(·callAnyErrno, ANYERRNO, ASIS)
ANY(·callAnyErrno1, ANYERRNO, FIRST)

// call never runs. During a leaf call g.syscallpc points into it, so tracebacks show it as the
// frame of the call.
TEXT ·call(SB), NOSPLIT|NOFRAME, $0-0
	SUB	$FRAME, RSP
	NOOP
	NOOP
	NOOP
	ADD	$FRAME, RSP
	RET

// yield ends a call after which the goroutine must yield, as in entry_amd64.s.
TEXT ·yield(SB), NOSPLIT, $72-0
	NO_LOCAL_POINTERS
	MOVD	ZR, R8
	CBZ	R26, number
	MOVD	R0, R8
	MOVD	ZR, R0
number:
	MOVD	R8, 8(RSP)
	MOVD	R0, 16(RSP)
	MOVD	R1, 24(RSP)
	FMOVD	F0, 32(RSP)
	BL	·yieldHere(SB)
	MOVD	40(RSP), R0
	MOVD	48(RSP), R8
	ORR	R8, R0
	MOVD	56(RSP), R1
	FMOVD	64(RSP), F0
	RET

// func inTLS(offset uintptr) uintptr
TEXT ·inTLS(SB), NOSPLIT, $0-16
	MOVD	offset+0(FP), R9
	MRS	TPIDR_EL0, R8
	MOVD	(R8)(R9), R8
	MOVD	R8, ret+8(FP)
	RET

// func currentG() uintptr
TEXT ·currentG(SB), NOSPLIT, $0-8
	MOVD	g, ret+0(FP)
	RET
