// SPDX-License-Identifier: BSD-3-Clause
// Callbacks on arm64: a call from Go to C, the calls of that C code back into Go on the goroutine's
// stack, and the returns.

//go:build linux && cgo

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"

// The scheme is that of callback_amd64.s, with these registers. R26 holds the address of the
// closure. R0-R5 and F0-F7 hold the arguments, and R0 and F0 the result, both in Go and in C. C
// preserves R19-R29 and the lower halves of V8-V15. Go preserves none, so callbackCommon saves
// them on C's stack.
//
// callbackEnter stores its return address 16 bytes below its SP. There the frames of callbackFrame
// and callbackAnchor end, and there an unwinder looks for the address.
#define FRAME 704

#define CURG ·callbackOffsets+0(SB)
#define SYSCALLPC ·callbackOffsets+8(SB)
#define SYSCALLSP ·callbackOffsets+16(SB)
#define NCGO ·callbackOffsets+24(SB)
#define LOCKEDG ·callbackOffsets+32(SB)
#define LOCKEDEXT ·callbackOffsets+40(SB)
#define LOCKEDM ·callbackOffsets+48(SB)
#define SCHEDBP ·callbackOffsets+56(SB)
#define FRAMEPC ·callbackOffsets+64(SB)
#define ANCHORPC ·callbackOffsets+72(SB)
#define ENTERPC ·callbackOffsets+80(SB)
#define LOCKS ·callbackOffsets+88(SB)
#define INCGO ·callbackOffsets+96(SB)

// SAVE_G stores g in thread-local storage, where signal handlers look for it, as in entry_arm64.s.
#define SAVE_G \
	MRS	TPIDR_EL0, R8; \
	MOVD	·tlsOffset(SB), R9; \
	MOVD	g, (R8)(R9)

// The frame of callbackCall: space for spilling the argument registers of guardedCall, then, at
// offset RECORD, a callRecord.
#define RECORD 72

// KEEP stores integer argument N in the callRecord. TO, an argument register of guardedCall, gets
// the argument if it is a pointer, else 0.
#define KEEP(N, REG, TO) \
	MOVD	REG, (RECORD+N*8)(RSP); \
	MOVD	(callbackClosure_masks+N*8)(R26), R8; \
	AND	R8, REG, TO

TEXT ·callbackCall(SB), NOSPLIT, $216-0
	NO_LOCAL_POINTERS
	KEEP(5, R5, R6)
	KEEP(4, R4, R5)
	KEEP(3, R3, R4)
	KEEP(2, R2, R3)
	KEEP(1, R1, R2)
	KEEP(0, R0, R1)
	FMOVD	F0, (RECORD+48)(RSP)
	FMOVD	F1, (RECORD+56)(RSP)
	FMOVD	F2, (RECORD+64)(RSP)
	FMOVD	F3, (RECORD+72)(RSP)
	FMOVD	F4, (RECORD+80)(RSP)
	FMOVD	F5, (RECORD+88)(RSP)
	FMOVD	F6, (RECORD+96)(RSP)
	FMOVD	F7, (RECORD+104)(RSP)
	MOVD	R26, R0
	ADD	$RECORD, RSP, R7
	MOVD	·guarded(SB), R26
	MOVD	(R26), R8
	CALL	(R8)
	ORR	R1, R0
	RET

// func callbackEnter(c *callbackClosure, r *callRecord) (uintptr, float64), with its arguments in
// registers. C preserves R19-R28, which hold the state during the call:
//
//	R19 SP on the system stack    R20 m    R21 its LR    R22 the previous m.ncgo    R23 the C function
//	R25 g
TEXT ·callbackEnter(SB), NOSPLIT|NOFRAME, $0-0
	MOVD	callbackClosure_fn(R0), R23
	MOVD	R1, R10
	MOVD	48(g), R20
	MOVD	g, R25
	MOVD	CURG, R8
	MOVD	(R20)(R8), R8
	CMP	R8, g
	BNE	system
	// The state that unguard restores if a panic abandons the C frames.
	MOVD	0(R20), R11
	MOVD	56(R11), R12
	MOVD	R12, callRecord_g0SP(R10)
	MOVD	NCGO, R8
	ADD	R20, R8
	MOVW	(R8), R22
	MOVW	R22, callRecord_ncgo(R10)
	MOVD	$1, R9
	MOVW	R9, (R8)
	MOVD	LOCKEDEXT, R8
	ADD	R20, R8
	MOVWU	4(R8), R8
	MOVW	R8, callRecord_lockedInt(R10)
	MOVD	LOCKS, R8
	ADD	R20, R8
	MOVW	(R8), R8
	MOVW	R8, callRecord_locks(R10)
	MOVW	R9, callRecord_inC(R10)
	// As in the entries of entry_arm64.s.
	MOVD	ENTERPC, R8
	MOVD	R8, 64(g)
	MOVD	RSP, R13
	MOVD	R13, 56(g)
	MOVD	SCHEDBP, R8
	MOVD	R29, (g)(R8)
	MOVD	R30, -16(R13)
	SUB	$FRAME, R13, R9
	MOVD	R30, (R9)
	MOVD	SYSCALLPC, R8
	MOVD	FRAMEPC, R14
	MOVD	R14, (g)(R8)
	MOVD	SYSCALLSP, R8
	MOVD	R9, (g)(R8)
	MOVD	R11, g
	SAVE_G
	AND	$~15, R12
	MOVD	R12, RSP
	B	load
system:
	// On the system stack: C is called there, but cannot call back.
	MOVD	RSP, R19
	MOVD	R30, R21
	AND	$~15, R19, R9
	MOVD	R9, RSP
load:
	MOVD	(callRecord_ints+0)(R10), R0
	MOVD	(callRecord_ints+8)(R10), R1
	MOVD	(callRecord_ints+16)(R10), R2
	MOVD	(callRecord_ints+24)(R10), R3
	MOVD	(callRecord_ints+32)(R10), R4
	MOVD	(callRecord_ints+40)(R10), R5
	FMOVD	(callRecord_floats+0)(R10), F0
	FMOVD	(callRecord_floats+8)(R10), F1
	FMOVD	(callRecord_floats+16)(R10), F2
	FMOVD	(callRecord_floats+24)(R10), F3
	FMOVD	(callRecord_floats+32)(R10), F4
	FMOVD	(callRecord_floats+40)(R10), F5
	FMOVD	(callRecord_floats+48)(R10), F6
	FMOVD	(callRecord_floats+56)(R10), F7
	BL	(R23)
	MOVD	CURG, R8
	MOVD	(R20)(R8), R8
	CMP	R8, R25
	BNE	stayed
	MOVD	R25, g
	SAVE_G
	MOVD	56(g), R9
	MOVD	-16(R9), R30
	MOVD	R9, RSP
	MOVD	SCHEDBP, R8
	MOVD	(g)(R8), R29
	MOVD	NCGO, R8
	MOVW	R22, (R20)(R8)
	MOVD	SYSCALLSP, R8
	MOVD	ZR, (g)(R8)
	RET
stayed:
	MOVD	R19, RSP
	MOVD	R21, R30
	RET

// callbackFrame never runs. While C runs, g.syscallpc points into it, so tracebacks show it as the
// frame of the call.
TEXT ·callbackFrame(SB), NOSPLIT|NOFRAME, $0-0
	SUB	$FRAME, RSP
	NOOP
	NOOP
	NOOP
	ADD	$FRAME, RSP
	RET

// callbackAnchor never runs. While Go runs, the return address of callbackBridge points into it, so
// tracebacks show it in place of the C frames.
TEXT ·callbackAnchor(SB), NOSPLIT|NOFRAME, $0-0
	SUB	$16, RSP
	NOOP
	NOOP
	NOOP
	ADD	$16, RSP
	RET

// FROMC jumps to ELSEWHERE if the thread is not in a call that a goroutine made. Otherwise R8+R9 is
// the address of g in thread-local storage, R10 is g0, R11 is m, R12 is the goroutine, and R15 is
// the offset of g.syscallsp. The assembler uses R27 for addresses of variables. C expects it to be
// preserved, so R17 holds its value.
#define FROMC(ELSEWHERE) \
	MOVD	R27, R17; \
	MRS	TPIDR_EL0, R8; \
	MOVD	·tlsOffset(SB), R9; \
	CBZ	R9, ELSEWHERE; \
	MOVD	(R8)(R9), R10; \
	CBZ	R10, ELSEWHERE; \
	MOVD	48(R10), R11; \
	MOVD	0(R11), R12; \
	CMP	R12, R10; \
	BNE	ELSEWHERE; \
	MOVD	CURG, R12; \
	MOVD	(R11)(R12), R12; \
	CBZ	R12, ELSEWHERE; \
	MOVD	SYSCALLSP, R15; \
	MOVD	(R12)(R15), R13; \
	CBZ	R13, ELSEWHERE

// MAYCALLBACK jumps to ELSEWHERE if that call is not one with callbacks.
#define MAYCALLBACK(ELSEWHERE) \
	MOVD	SYSCALLPC, R13; \
	MOVD	(R12)(R13), R13; \
	MOVD	FRAMEPC, R14; \
	CMP	R13, R14; \
	BNE	ELSEWHERE

// ONG0 jumps to ELSEWHERE if C runs on a stack of its own, whose bounds Go does not know.
// A callback omits this, because it costs 0.9 ns: there, Go itself reports "morestack on g0".
#define ONG0(ELSEWHERE) \
	MOVD	RSP, R13; \
	LDP	0(R10), (R14, R15); \
	CMP	R14, R13; \
	BLS	ELSEWHERE; \
	CMP	R15, R13; \
	BHI	ELSEWHERE; \
	MOVD	SYSCALLSP, R15

// SAVE saves the registers that C expects to be preserved, and g0.sched.sp, on C's stack, and makes
// the goroutine in R12 the current g.
#define SAVE \
	SUB	$192, RSP; \
	STP	(R19, R20), 16(RSP); \
	STP	(R21, R22), 32(RSP); \
	STP	(R23, R24), 48(RSP); \
	STP	(R25, R26), 64(RSP); \
	STP	(R17, g), 80(RSP); \
	STP	(R29, R30), 96(RSP); \
	FSTPD	(F8, F9), 112(RSP); \
	FSTPD	(F10, F11), 128(RSP); \
	FSTPD	(F12, F13), 144(RSP); \
	FSTPD	(F14, F15), 160(RSP); \
	MOVD	56(R10), R13; \
	MOVD	R13, 0(RSP); \
	MOVD	RSP, R13; \
	MOVD	R13, 56(R10); \
	MOVD	R12, g; \
	MOVD	g, (R8)(R9)

// RESTORE undoes SAVE. R10 is g0.
#define RESTORE \
	MOVD	56(R10), R13; \
	MOVD	R13, RSP; \
	MOVD	0(RSP), R13; \
	MOVD	R13, 56(R10); \
	LDP	16(RSP), (R19, R20); \
	LDP	32(RSP), (R21, R22); \
	LDP	48(RSP), (R23, R24); \
	LDP	64(RSP), (R25, R26); \
	LDP	80(RSP), (R27, g); \
	LDP	96(RSP), (R29, R30); \
	FLDPD	112(RSP), (F8, F9); \
	FLDPD	128(RSP), (F10, F11); \
	FLDPD	144(RSP), (F12, F13); \
	FLDPD	160(RSP), (F14, F15); \
	ADD	$192, RSP

// TOGO changes to the goroutine's stack, where it stores a return address in callbackAnchor, and
// locks the goroutine to the thread.
#define TOGO \
	SAVE; \
	MOVD	ZR, (g)(R15); \
	MOVD	LOCKEDEXT, R13; \
	ADD	R11, R13; \
	MOVWU	4(R13), R14; \
	ADDW	$1, R14; \
	MOVW	R14, 4(R13); \
	MOVD	LOCKEDG, R13; \
	MOVD	g, (R11)(R13); \
	MOVD	LOCKEDM, R13; \
	MOVD	R11, (g)(R13); \
	MOVD	SCHEDBP, R13; \
	MOVD	(g)(R13), R29; \
	MOVD	56(g), R13; \
	SUB	$16, R13; \
	MOVD	R13, RSP; \
	MOVD	ANCHORPC, R30

// STACKOFGO changes back to the stack of regionBridge.
#define STACKOFGO \
	MOVD	SCHEDBP, R13; \
	MOVD	(g)(R13), R29; \
	MOVD	56(g), R13; \
	MOVD	R13, RSP

// callbackCommon is entered from a thunk: C's arguments are in their registers, and the number of
// the callback is in R16.
TEXT ·callbackCommon(SB), NOSPLIT|NOFRAME, $0-0
	FROMC(foreign)
	MAYCALLBACK(foreign)
	TOGO
	MOVD	$·callbackSlots(SB), R13
	ADD	R16<<4, R13
	MOVD	callbackSlot_closure(R13), R26
	MOVD	callbackSlot_short(R13), R13
	CBNZ	R13, short
	B	·callbackBridge(SB)
short:
	MOVD	LOCKS, R13
	ADD	R11, R13
	MOVW	(R13), R14
	ADDW	$1, R14
	MOVW	R14, (R13)
	B	·callbackBridgeShort(SB)
foreign:
	MOVD	R17, R27
	B	·callbackForeign(SB)

// callbackBridge calls the Go function, whose closure is in R26. The end of its frame is the space
// that Go's internal ABI requires for spilling the argument registers.
TEXT ·callbackBridge(SB), NOSPLIT, $120-0
	NO_LOCAL_POINTERS
	MOVD	(R26), R9
	CALL	(R9)
	RET	·callbackBack(SB)

// callbackBridgeShort is callbackBridge for a Short callback, which C may make while it holds a
// lock. The goroutine is not preempted until callbackBackShort, so no thread waits for the lock of
// a stopped goroutine.
TEXT ·callbackBridgeShort(SB), NOSPLIT, $120-0
	NO_LOCAL_POINTERS
	MOVD	(R26), R9
	CALL	(R9)
	RET	·callbackBackShort(SB)

TEXT ·callbackBackShort(SB), NOSPLIT|NOFRAME, $0-0
	MOVD	48(g), R11
	MOVD	LOCKS, R8
	ADD	R11, R8
	MOVW	(R8), R9
	SUBW	$1, R9
	MOVW	R9, (R8)
	B	·callbackLeave(SB)

// callbackBack ends a callback. The result is in R0 or F0. SP is 16 bytes below the SP that
// callbackEnter saved.
TEXT ·callbackBack(SB), NOSPLIT|NOFRAME, $0-0
	MOVD	16(g), R8
	MOVD	RSP, R9
	CMP	R8, R9
	BLS	yield
	B	·callbackLeave(SB)
yield:
	B	·callbackYield(SB)

TEXT ·callbackYield(SB), NOSPLIT, $24-0
	NO_LOCAL_POINTERS
	MOVD	R0, 8(RSP)
	FMOVD	F0, 16(RSP)
	CALL	·callbackYieldHere(SB)
	MOVD	8(RSP), R0
	FMOVD	16(RSP), F0
	RET	·callbackLeave(SB)

TEXT ·callbackLeave(SB), NOSPLIT|NOFRAME, $0-0
	MOVD	SCHEDBP, R8
	MOVD	R29, (g)(R8)
	MOVD	RSP, R13
	MOVD	(R13), R14 // the return address of callbackEnter
	ADD	$16, R13
	MOVD	R13, 56(g)
	MOVD	ENTERPC, R8
	MOVD	R8, 64(g)
	MOVD	48(g), R11
	SUB	$FRAME, R13
	MOVD	R14, (R13)
	MOVD	SYSCALLPC, R8
	MOVD	FRAMEPC, R14
	MOVD	R14, (g)(R8)
	MOVD	SYSCALLSP, R8
	MOVD	R13, (g)(R8)
	MOVD	g, R12
	MOVD	0(R11), R10
	MOVD	R10, g
	SAVE_G
	MOVD	LOCKEDEXT, R13
	ADD	R11, R13
	MOVWU	4(R13), R14
	SUBW	$1, R14
	MOVW	R14, 4(R13)
	MOVWU	(R13), R15
	ORR	R14, R15
	CBNZ	R15, locked
	MOVD	LOCKEDG, R13
	MOVD	ZR, (R11)(R13)
	MOVD	LOCKEDM, R13
	MOVD	ZR, (R12)(R13)
locked:
	RESTORE
	RET

// A region is a part of a C function that may take long: see callback_amd64.s.

#define RELEASE(BRIDGE) \
	FROMC(none); \
	MAYCALLBACK(none); \
	ONG0(none); \
	TOGO; \
	B	BRIDGE(SB); \
none: \
	MOVD	R17, R27; \
	MOVD	ZR, R0; \
	RET

// int regionRelease(void)
TEXT ·regionRelease(SB), NOSPLIT|NOFRAME, $0-0
	RELEASE(·regionBridge)

// void exportEnter(void)
TEXT ·exportEnter(SB), NOSPLIT|NOFRAME, $0-0
	RELEASE(·exportBridge)

#define INREGION \
	NO_LOCAL_POINTERS; \
	MOVD	·enterSyscall(SB), R26; \
	MOVD	(R26), R9; \
	CALL	(R9); \
	MOVD	SYSCALLSP, R8; \
	MOVD	(g)(R8), R8; \
	CBZ	R8, over; \
	MOVD	SCHEDBP, R8; \
	MOVD	R29, (g)(R8); \
	B	·regionToC(SB); \
over: \
	RET	·callbackBack(SB)

TEXT ·regionBridge(SB), NOSPLIT, $24-0
	INREGION

TEXT ·exportBridge(SB), NOSPLIT, $24-0
	INREGION

TEXT ·regionToC(SB), NOSPLIT|NOFRAME, $0-0
	MOVD	48(g), R11
	MOVD	INCGO, R8
	ADD	R11, R8
	MOVD	$1, R9
	MOVB	R9, (R8)
	MOVD	0(R11), R10
	MOVD	R10, g
	SAVE_G
	RESTORE
	MOVD	$1, R0
	RET

#define ACQUIRE(BRIDGE) \
	FROMC(none); \
	MOVD	$BRIDGE(SB), R14; \
	MOVD	64(R12), R13; \
	SUB	R14, R13; \
	CMP	$96, R13; \
	BHI	none; \
	SAVE; \
	MOVD	INCGO, R13; \
	ADD	R11, R13; \
	MOVB	ZR, (R13); \
	STACKOFGO; \
	MOVD	64(g), R30; \
	B	·regionEnd(SB); \
none: \
	MOVD	R17, R27; \
	RET

// void regionAcquire(int released)
TEXT ·regionAcquire(SB), NOSPLIT|NOFRAME, $0-0
	MOVD	R27, R17
	CBZW	R0, none
	ACQUIRE(·regionBridge)

// void exportLeave(void)
TEXT ·exportLeave(SB), NOSPLIT|NOFRAME, $0-0
	ACQUIRE(·exportBridge)

// regionEnd calls exitsyscall. Its caller's frame is that of regionBridge.
TEXT ·regionEnd(SB), NOSPLIT, $24-0
	NO_LOCAL_POINTERS
	MOVD	·exitSyscall(SB), R26
	MOVD	(R26), R9
	CALL	(R9)
	RET

// callbackForeign makes an ordinary call of Go, through the C function in callbackOrdinary. It is
// for a callback from outside a call with callbacks, or on another stack. The number of the
// callback is in R16.
TEXT ·callbackForeign(SB), NOSPLIT|NOFRAME, $0-0
	SUB	$160, RSP
	STP	(R27, R30), 128(RSP)
	STP	(R0, R1), 0(RSP)
	STP	(R2, R3), 16(RSP)
	STP	(R4, R5), 32(RSP)
	FSTPD	(F0, F1), 48(RSP)
	FSTPD	(F2, F3), 64(RSP)
	FSTPD	(F4, F5), 80(RSP)
	FSTPD	(F6, F7), 96(RSP)
	MOVD	R16, R0
	MOVD	RSP, R1
	MOVD	·callbackOrdinary(SB), R9
	BL	(R9)
	MOVD	112(RSP), R0
	FMOVD	120(RSP), F0
	LDP	128(RSP), (R27, R30)
	ADD	$160, RSP
	RET

// func callClosure(fn, frame unsafe.Pointer)
TEXT ·callClosure(SB), NOSPLIT, $136-16
	NO_LOCAL_POINTERS
	MOVD	frame+8(FP), R9
	MOVD	R9, 128(RSP)
	MOVD	fn+0(FP), R26
	MOVD	0(R9), R0
	MOVD	8(R9), R1
	MOVD	16(R9), R2
	MOVD	24(R9), R3
	MOVD	32(R9), R4
	MOVD	40(R9), R5
	FMOVD	48(R9), F0
	FMOVD	56(R9), F1
	FMOVD	64(R9), F2
	FMOVD	72(R9), F3
	FMOVD	80(R9), F4
	FMOVD	88(R9), F5
	FMOVD	96(R9), F6
	FMOVD	104(R9), F7
	MOVD	(R26), R9
	CALL	(R9)
	MOVD	128(RSP), R9
	MOVD	R0, 112(R9)
	FMOVD	F0, 120(R9)
	RET

// callbackFreed is the code of the closure of a callback that has been freed.
TEXT ·callbackFreed(SB), NOSPLIT, $0-0
	NO_LOCAL_POINTERS
	CALL	·calledFreed(SB)
	RET

// The thunks: 8 bytes each.
#define THUNK(N) \
	MOVD	$(N), R16; \
	B	·callbackCommon(SB)
#define THUNK4(N) THUNK(N); THUNK(N+1); THUNK(N+2); THUNK(N+3)
#define THUNK16(N) THUNK4(N); THUNK4(N+4); THUNK4(N+8); THUNK4(N+12)
#define THUNK64(N) THUNK16(N); THUNK16(N+16); THUNK16(N+32); THUNK16(N+48)
#define THUNK256(N) THUNK64(N); THUNK64(N+64); THUNK64(N+128); THUNK64(N+192)

TEXT ·callbackThunks(SB), NOSPLIT|NOFRAME, $0-0
	THUNK256(0)
	THUNK256(256)
	THUNK256(512)
	THUNK256(768)
