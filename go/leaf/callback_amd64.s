// SPDX-License-Identifier: BSD-3-Clause
// Callbacks on amd64: a call from Go to C, the calls of that C code back into Go on the goroutine's
// stack, and the returns.

//go:build linux && cgo

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"

// A call with callbacks goes through three functions before it reaches C:
//
//	callbackCall     the code of the func value: stores the arguments in a callRecord, and passes
//	                 the pointers to guardedCall, where the garbage collector sees them
//	guardedCall      Go: a deferred function restores the thread if a panic abandons C frames
//	callbackEnter    like the entries of entry_amd64.s: changes to the stack of g0 and calls C
//
// A callback goes through these:
//
//	a thunk          the code that C calls: loads the number of the callback
//	callbackCommon   changes from C's stack to the goroutine's, at the SP that callbackEnter saved
//	callbackBridge   calls the Go function
//	callbackBack     changes back to C's stack
//
// Go's unwinder stops at a function that writes SP, so callbackBridge does not write it:
// callbackCommon jumps to callbackBridge, which returns by a jump to callbackBack. The return
// address of callbackBridge lies in callbackAnchor, which never runs and has no frame. Above it on
// the stack is the return address of callbackEnter, in guardedCall. The goroutine's stack may move
// while the Go function runs, so callbackLeave computes g.sched.sp and g.sched.bp anew, and
// callbackEnter takes SP and BP from there.
//
// While C runs, g.syscallsp is not 0 and g.syscallpc lies in callbackFrame. By these,
// callbackCommon knows that this thread may call back on the fast path. While Go runs, g.syscallsp
// is 0, g0.sched.sp is C's SP, and the goroutine is locked to the thread, because its C frames are
// on the stack of that thread. All code in between is in assembly functions, where Go does not
// preempt asynchronously.
#define FRAME 704

// The functions that C calls most begin at a cache line. Otherwise an ordinary call from C to Go
// takes 10 ns more where the linker puts exportLeave across two lines.
#ifdef const_entryAlign
#define ALIGN PCALIGN $const_entryAlign
#else
#define ALIGN
#endif

// The words of callbackOffsets, which callback_layout.go sets.
#define CURG ·callbackOffsets+0(SB)
#define SYSCALLSP ·callbackOffsets+16(SB)
#define NCGO ·callbackOffsets+24(SB)
#define LOCKEDG ·callbackOffsets+32(SB)
#define LOCKEDEXT ·callbackOffsets+40(SB)
#define LOCKEDM ·callbackOffsets+48(SB)
#define FRAMEPC ·callbackOffsets+64(SB)
#define ANCHORPC ·callbackOffsets+72(SB)
#define ENTERPC ·callbackOffsets+80(SB)
#define LOCKS ·callbackOffsets+88(SB)
#define INCGO ·callbackOffsets+96(SB)

// Three words of g follow each other, as layout.check requires. R is SYSCALLSP.
#define SCHEDBPOF(G, R) -8(G)(R*1)
#define SYSCALLSPOF(G, R) (G)(R*1)
#define SYSCALLPCOF(G, R) 8(G)(R*1)

// The frame of callbackCall: space for spilling the argument registers of guardedCall, then, at
// offset RECORD, a callRecord.
#define RECORD 64

// KEEP stores integer argument N in the callRecord. TO, an argument register of guardedCall, gets
// the argument if it is a pointer, else 0.
#define KEEP(N, REG, TO) \
	MOVQ	REG, (RECORD+N*8)(SP); \
	MOVQ	(callbackClosure_masks+N*8)(DX), TO; \
	ANDQ	REG, TO

TEXT ·callbackCall(SB), NOSPLIT, $208-0
	NO_LOCAL_POINTERS
	KEEP(5, R8, R9)
	KEEP(4, SI, R8)
	KEEP(3, DI, SI)
	KEEP(2, CX, DI)
	KEEP(1, BX, CX)
	KEEP(0, AX, BX)
	CMPQ	callbackClosure_floats(DX), $0
	JEQ	call
	MOVSD	X0, (RECORD+48)(SP)
	MOVSD	X1, (RECORD+56)(SP)
	MOVSD	X2, (RECORD+64)(SP)
	MOVSD	X3, (RECORD+72)(SP)
	MOVSD	X4, (RECORD+80)(SP)
	MOVSD	X5, (RECORD+88)(SP)
	MOVSD	X6, (RECORD+96)(SP)
	MOVSD	X7, (RECORD+104)(SP)
call:
	MOVQ	DX, AX
	LEAQ	RECORD(SP), R10
	MOVQ	·guarded(SB), DX
	MOVQ	(DX), R11
	CALL	R11
	ORQ	BX, AX
	RET

// TOC changes to the stack of g0, as the entries of entry_amd64.s do. AX is the callRecord, which
// gets the state that unguard restores if a panic abandons the C frames. On the system stack, TOC
// jumps to SYSTEM. C preserves these registers, which hold the state during the call:
//
//	BX m    R12 the previous m.ncgo    R13 the C function    R15 g
//
// TOR15 sets R15 just before the call. Compilers use R15 last, so it often still holds g when C
// calls back. COMPAREG in callbackCommon then compares R15 with m.curg, and continues with the
// register. RESTORE does the same in the other direction. The processor predicts the result of a
// comparison. So no chain of loads that depend on each other (m, g0, curg, C's stack) connects one
// callback with the next. This saves 1 ns a callback, and 2 ns a call with one. Where C has changed
// R15, its value is loaded.
#define TOC(SYSTEM) \
	MOVQ	48(R14), BX; \
	MOVQ	CURG, CX; \
	CMPQ	(BX)(CX*1), R14; \
	JNE	SYSTEM; \
	MOVQ	0(BX), R10; \
	MOVQ	56(R10), R11; \
	MOVQ	R11, callRecord_g0SP(AX); \
	MOVQ	NCGO, CX; \
	MOVL	(BX)(CX*1), R12; \
	MOVL	R12, callRecord_ncgo(AX); \
	MOVL	$1, (BX)(CX*1); \
	MOVQ	LOCKEDEXT, CX; \
	MOVL	4(BX)(CX*1), CX; \
	MOVL	CX, callRecord_lockedInt(AX); \
	MOVQ	LOCKS, CX; \
	MOVL	(BX)(CX*1), CX; \
	MOVL	CX, callRecord_locks(AX); \
	MOVL	$1, callRecord_inC(AX); \
	MOVQ	ENTERPC, CX; \
	MOVQ	CX, 64(R14); \
	MOVQ	SP, 56(R14); \
	MOVQ	SYSCALLSP, CX; \
	MOVQ	BP, SCHEDBPOF(R14, CX); \
	MOVQ	FRAMEPC, DX; \
	MOVQ	DX, SYSCALLPCOF(R14, CX); \
	LEAQ	-FRAME(SP), DX; \
	MOVQ	DX, SYSCALLSPOF(R14, CX); \
	MOVQ	TLS, CX; \
	MOVQ	R10, 0(CX)(TLS*1); \
	MOVQ	R11, SP; \
	ANDQ	$~15, SP

#define TOR15 \
	MOVQ	R14, R15

// FROMCALL changes back to the goroutine's stack, which may have moved.
#define FROMCALL \
	MOVQ	R15, R14; \
	XORPS	X15, X15; \
	MOVQ	TLS, CX; \
	MOVQ	R14, 0(CX)(TLS*1); \
	MOVQ	56(R14), SP; \
	MOVQ	NCGO, CX; \
	MOVL	R12, (BX)(CX*1); \
	MOVQ	SYSCALLSP, CX; \
	MOVQ	SCHEDBPOF(R14, CX), BP; \
	MOVQ	$0, SYSCALLSPOF(R14, CX)

// ONSYSTEM calls the C function in R13 on the system stack, where TOC has jumped to SYSTEM. C cannot
// call back then.
#define ONSYSTEM \
	MOVQ	SP, R12; \
	ANDQ	$~15, SP; \
	CALL	R13; \
	XORPS	X15, X15; \
	MOVQ	R12, SP

// LOAD moves the arguments from the callRecord to the registers in which C expects them. R15 is the
// number of floats; LOAD jumps to DONE if it is 0.
#define LOAD(DONE) \
	MOVQ	(callRecord_ints+0)(AX), DI; \
	MOVQ	(callRecord_ints+8)(AX), SI; \
	MOVQ	(callRecord_ints+16)(AX), DX; \
	MOVQ	(callRecord_ints+24)(AX), CX; \
	MOVQ	(callRecord_ints+32)(AX), R8; \
	MOVQ	(callRecord_ints+40)(AX), R9; \
	TESTQ	R15, R15; \
	JEQ	DONE; \
	MOVSD	(callRecord_floats+0)(AX), X0; \
	MOVSD	(callRecord_floats+8)(AX), X1; \
	MOVSD	(callRecord_floats+16)(AX), X2; \
	MOVSD	(callRecord_floats+24)(AX), X3; \
	MOVSD	(callRecord_floats+32)(AX), X4; \
	MOVSD	(callRecord_floats+40)(AX), X5; \
	MOVSD	(callRecord_floats+48)(AX), X6; \
	MOVSD	(callRecord_floats+56)(AX), X7

// func callbackEnter(c *callbackClosure, r *callRecord) (uintptr, float64), with its arguments in
// registers.
TEXT ·callbackEnter(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ	callbackClosure_fn(AX), R13
	MOVQ	callbackClosure_floats(AX), R15
	MOVQ	BX, AX
	TOC(system)
	LOAD(call)
call:
	TOR15
	CALL	R13
	FROMCALL
	RET
system:
	LOAD(callThere)
callThere:
	ONSYSTEM
	RET

// Most functions that call back have up to three integer parameters and an integer result or none.
// For these, callbackCall3, guardedCall3 and callbackEnter3 take the place of callbackCall,
// guardedCall and callbackEnter. The arguments and the C function stay in registers.
#define RECORD3 64

TEXT ·callbackCall3(SB), NOSPLIT, $216-0
	NO_LOCAL_POINTERS
	MOVQ	AX, R8
	MOVQ	BX, R9
	MOVQ	CX, R10
	ANDQ	(callbackClosure_masks+0)(DX), AX
	ANDQ	(callbackClosure_masks+8)(DX), BX
	ANDQ	(callbackClosure_masks+16)(DX), CX
	MOVQ	callbackClosure_fn(DX), SI
	LEAQ	RECORD3(SP), DI
	MOVQ	·guarded3(SB), DX
	MOVQ	(DX), R11
	CALL	R11
	RET

// func callbackEnter3(r *callRecord, fn unsafe.Pointer, a0, a1, a2 uintptr) uintptr, with its
// arguments in registers.
TEXT ·callbackEnter3(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ	BX, R13
	MOVQ	CX, R8
	TOC(system)
	MOVQ	SI, DX
	MOVQ	DI, SI
	MOVQ	R8, DI
	TOR15
	CALL	R13
	FROMCALL
	RET
system:
	MOVQ	SI, DX
	MOVQ	DI, SI
	MOVQ	R8, DI
	ONSYSTEM
	RET

DATA ·call3PCs+0(SB)/8, $·callbackCall3(SB)
DATA ·call3PCs+8(SB)/8, $·callbackEnter3(SB)
// Larger than Go's variable, as in callback_pcs.s.
GLOBL ·call3PCs(SB), NOPTR|RODATA, $64

// callbackFrame never runs. While C runs, g.syscallpc points into it, so tracebacks show it as the
// frame of the call.
TEXT ·callbackFrame(SB), NOSPLIT|NOFRAME, $0-0
	ADJSP	$FRAME
	BYTE	$0x0f; BYTE $0x1f; BYTE $0x84; BYTE $0; BYTE $0; BYTE $0; BYTE $0; BYTE $0
	BYTE	$0x0f; BYTE $0x1f; BYTE $0x84; BYTE $0; BYTE $0; BYTE $0; BYTE $0; BYTE $0
	ADJSP	$-FRAME
	RET

// callbackAnchor never runs. While Go runs, the return address of callbackBridge points into it, so
// tracebacks show it in place of the C frames.
TEXT ·callbackAnchor(SB), NOSPLIT|NOFRAME, $0-0
	BYTE	$0x0f; BYTE $0x1f; BYTE $0x84; BYTE $0; BYTE $0; BYTE $0; BYTE $0; BYTE $0
	BYTE	$0x0f; BYTE $0x1f; BYTE $0x84; BYTE $0; BYTE $0; BYTE $0; BYTE $0; BYTE $0
	RET

// FROMC saves the registers that C expects to be preserved. R10 holds the g of the thread. If the
// thread is not in a call that a goroutine made, FROMC jumps to ELSEWHERE. Otherwise R10 is g0, AX
// is m, R14 is the goroutine, and R15 is the offset of g.syscallsp. GETG is COMPAREG where R15 is
// likely to hold the goroutine, else LOADG.
#define LOADG \
	MOVQ	(AX)(R12*1), R14

#define COMPAREG \
	CMPQ	R15, (AX)(R12*1); \
	JEQ	2(PC); \
	MOVQ	(AX)(R12*1), R15; \
	MOVQ	R15, R14

#define FROMC(GETG, ELSEWHERE) \
	PUSHQ	BP; \
	PUSHQ	BX; \
	PUSHQ	R12; \
	PUSHQ	R13; \
	PUSHQ	R14; \
	PUSHQ	R15; \
	MOVQ	48(R10), AX; \
	CMPQ	(AX), R10; \
	JNE	ELSEWHERE; \
	MOVQ	CURG, R12; \
	GETG; \
	TESTQ	R14, R14; \
	JEQ	ELSEWHERE; \
	MOVQ	SYSCALLSP, R15; \
	CMPQ	SYSCALLSPOF(R14, R15), $0; \
	JEQ	ELSEWHERE

// ONG0 jumps to ELSEWHERE if C runs on a stack of its own, whose bounds Go does not know.
// A callback omits this, because it costs 0.9 ns: there, Go itself reports "morestack on g0".
#define ONG0(ELSEWHERE) \
	CMPQ	SP, 0(R10); \
	JLS	ELSEWHERE; \
	CMPQ	SP, 8(R10); \
	JHI	ELSEWHERE

// BACKTOC restores the registers that FROMC saved.
#define BACKTOC \
	POPQ	R15; \
	POPQ	R14; \
	POPQ	R13; \
	POPQ	R12; \
	POPQ	BX; \
	POPQ	BP

// RESTORE restores the registers that FROMC saved, after TOGO, which pushed two words more. R14 is
// the goroutine. It moves, because the assembler counts PUSHQ and POPQ in each function.
#define RESTORE \
	CMPQ	16(SP), R14; \
	MOVQ	R14, R15; \
	JEQ	2(PC); \
	MOVQ	16(SP), R15; \
	MOVQ	24(SP), R14; \
	MOVQ	32(SP), R13; \
	MOVQ	40(SP), R12; \
	MOVQ	48(SP), BX; \
	MOVQ	56(SP), BP; \
	LEAQ	64(SP), SP

// STACKOFGO sets SP and BP to those of the goroutine, as g.sched has them. R15 is as after FROMC.
#define STACKOFGO \
	MOVQ	SCHEDBPOF(R14, R15), BP; \
	MOVQ	56(R14), SP

// TOGO changes to the goroutine's stack, where it stores a return address in callbackAnchor, and
// locks the goroutine to the thread. On C's stack it leaves FRAMEPC and the previous g0.sched.sp,
// which callbackLeave restores.
#define TOGO \
	PUSHQ	56(R10); \
	PUSHQ	FRAMEPC; \
	MOVQ	SP, 56(R10); \
	MOVQ	TLS, R13; \
	MOVQ	R14, 0(R13)(TLS*1); \
	MOVQ	$0, SYSCALLSPOF(R14, R15); \
	MOVQ	LOCKEDEXT, R13; \
	INCL	4(AX)(R13*1); \
	MOVQ	LOCKEDG, R13; \
	MOVQ	R14, (AX)(R13*1); \
	MOVQ	LOCKEDM, R13; \
	MOVQ	AX, (R14)(R13*1); \
	STACKOFGO; \
	MOVQ	ANCHORPC, R13; \
	MOVQ	R13, -8(SP); \
	LEAQ	-8(SP), SP

// ARGUMENTS moves C's arguments to the registers of Go's internal ABI, and the
// closure from R12 to DX.
#define ARGUMENTS \
	MOVQ	DI, AX; \
	MOVQ	SI, BX; \
	MOVQ	CX, DI; \
	MOVQ	DX, CX; \
	MOVQ	R8, SI; \
	MOVQ	R9, R8; \
	MOVQ	R12, DX; \
	XORPS	X15, X15

// callbackCommon is entered from a thunk: C's arguments are in their registers, and the number of
// the callback is in R11.
TEXT ·callbackCommon(SB), NOSPLIT|NOFRAME, $0-0
	ALIGN
	MOVQ	TLS, R10
	MOVQ	0(R10)(TLS*1), R10
	TESTQ	R10, R10
	JEQ	foreign
	FROMC(COMPAREG, ordinary)
	MOVQ	FRAMEPC, R13
	CMPQ	SYSCALLPCOF(R14, R15), R13
	JNE	ordinary
	SHLQ	$4, R11
	LEAQ	·callbackSlots(SB), R13
	MOVQ	callbackSlot_closure(R13)(R11*1), R12
	CMPQ	callbackSlot_short(R13)(R11*1), $0
	JNE	short
	TOGO
	ARGUMENTS
	JMP	·callbackBridge(SB)
short:
	MOVQ	LOCKS, R13
	INCL	(AX)(R13*1)
	TOGO
	ARGUMENTS
	JMP	·callbackBridgeShort(SB)
ordinary:
	BACKTOC
foreign:
	JMP	·callbackForeign(SB)

// callbackBridge calls the Go function, whose closure is in DX. The end of its frame is the space
// that Go's internal ABI requires for spilling the argument registers.
TEXT ·callbackBridge(SB), NOSPLIT, $112-0
	NO_LOCAL_POINTERS
	MOVQ	(DX), R12
	CALL	R12
	RET	·callbackBack(SB)

// callbackBridgeShort is callbackBridge for a Short callback, which C may make while it holds a
// lock. The goroutine is not preempted until callbackBackShort, so no thread waits for the lock of
// a stopped goroutine.
TEXT ·callbackBridgeShort(SB), NOSPLIT, $112-0
	NO_LOCAL_POINTERS
	MOVQ	(DX), R12
	CALL	R12
	RET	·callbackBackShort(SB)

TEXT ·callbackBackShort(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ	48(R14), BX
	MOVQ	LOCKS, CX
	DECL	(BX)(CX*1)
	JMP	·callbackLeave(SB)

// callbackBack ends a callback. The result is in AX or X0, and SP points to the address in
// callbackAnchor. If the goroutine's time slice is over, it yields first: a C function that calls
// back in a loop has no other point for that.
TEXT ·callbackBack(SB), NOSPLIT|NOFRAME, $0-0
	CMPQ	SP, 16(R14)
	JLS	yield
	JMP	·callbackLeave(SB)
yield:
	JMP	·callbackYield(SB)

TEXT ·callbackYield(SB), NOSPLIT, $24-0
	NO_LOCAL_POINTERS
	MOVQ	AX, 0(SP)
	MOVSD	X0, 8(SP)
	CALL	·callbackYieldHere(SB)
	MOVQ	0(SP), AX
	MOVSD	8(SP), X0
	MOVQ	TLS, CX
	MOVQ	0(CX)(TLS*1), R14
	RET	·callbackLeave(SB)

TEXT ·callbackLeave(SB), NOSPLIT|NOFRAME, $0-0
	ALIGN
	MOVQ	SYSCALLSP, CX
	MOVQ	BP, SCHEDBPOF(R14, CX)
	LEAQ	8(SP), DX
	MOVQ	DX, 56(R14)
	MOVQ	ENTERPC, SI
	MOVQ	SI, 64(R14)
	MOVQ	48(R14), BX
	MOVQ	FRAMEPC, SI
	MOVQ	SI, SYSCALLPCOF(R14, CX)
	SUBQ	$FRAME, DX
	MOVQ	DX, SYSCALLSPOF(R14, CX)
	MOVQ	(BX), R10
	MOVQ	TLS, CX
	MOVQ	R10, 0(CX)(TLS*1)
	MOVQ	LOCKEDEXT, CX
	DECL	4(BX)(CX*1)
	JNE	locked
	CMPL	(BX)(CX*1), $0
	JNE	locked
	MOVQ	LOCKEDG, CX
	MOVQ	$0, (BX)(CX*1)
	MOVQ	LOCKEDM, CX
	MOVQ	$0, (R14)(CX*1)
locked:
	MOVQ	56(R10), SP
	MOVQ	8(SP), R11
	MOVQ	R11, 56(R10)
	RESTORE
	RET

// A region is a part of a C function that may take long. Meanwhile the scheduler may take the P, as
// in an ordinary cgo call. regionRelease changes to the goroutine's stack as a callback does; then
// regionBridge calls entersyscall and jumps back to C. entersyscall saves its return address, in
// regionBridge, in g.sched. So C may make an ordinary callback in the region, and regionAcquire can
// go to that address again. Each RET matches a CALL, so the processor predicts its target.

// RELEASE begins a region whose frame on the goroutine's stack is BRIDGE. It returns 0 if this
// thread is not in a call with callbacks, or on another stack than that call.
#define RELEASE(BRIDGE) \
	MOVQ	TLS, R10; \
	MOVQ	0(R10)(TLS*1), R10; \
	TESTQ	R10, R10; \
	JEQ	none; \
	FROMC(LOADG, ordinary); \
	MOVQ	FRAMEPC, R13; \
	CMPQ	SYSCALLPCOF(R14, R15), R13; \
	JNE	ordinary; \
	ONG0(ordinary); \
	TOGO; \
	XORPS	X15, X15; \
	JMP	BRIDGE(SB); \
ordinary: \
	BACKTOC; \
none: \
	JMP	·regionNone(SB)

// int regionRelease(void)
TEXT ·regionRelease(SB), NOSPLIT|NOFRAME, $0-0
	RELEASE(·regionBridge)

// void exportEnter(void) is regionRelease for the time of an exported Go function, which the
// drop-in calls before it. The region has a bridge of its own, so that exportLeave ends only what
// exportEnter began.
TEXT ·exportEnter(SB), NOSPLIT|NOFRAME, $0-0
	ALIGN
	RELEASE(·exportBridge)

// regionNone is a function of its own because the assembler counts PUSHQ and POPQ up to the next
// RET, and ignores jumps.
TEXT ·regionNone(SB), NOSPLIT|NOFRAME, $0-0
	ALIGN
	XORL	AX, AX
	RET

// INREGION calls entersyscall. Execution comes back from the call twice: after entersyscall, and
// after exitsyscall in regionEnd.
#define INREGION \
	NO_LOCAL_POINTERS; \
	MOVQ	·enterSyscall(SB), DX; \
	MOVQ	(DX), CX; \
	CALL	CX; \
	MOVQ	SYSCALLSP, CX; \
	CMPQ	SYSCALLSPOF(R14, CX), $0; \
	JEQ	over; \
	MOVQ	BP, SCHEDBPOF(R14, CX); \
	JMP	·regionToC(SB); \
over: \
	RET	·callbackBack(SB)

// The frame of regionBridge lies between C and the Go functions of a region.
TEXT ·regionBridge(SB), NOSPLIT, $16-0
	INREGION

TEXT ·exportBridge(SB), NOSPLIT, $16-0
	INREGION

TEXT ·regionToC(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ	48(R14), BX
	MOVQ	INCGO, CX
	MOVB	$1, (BX)(CX*1)
	MOVQ	(BX), R10
	MOVQ	TLS, CX
	MOVQ	R10, 0(CX)(TLS*1)
	MOVQ	56(R10), SP
	MOVQ	8(SP), R11
	MOVQ	R11, 56(R10)
	RESTORE
	MOVL	$1, AX
	RET

// ACQUIRE ends a region that RELEASE(BRIDGE) began. It returns if the thread is not in one.
#define ACQUIRE(BRIDGE) \
	MOVQ	TLS, R10; \
	MOVQ	0(R10)(TLS*1), R10; \
	TESTQ	R10, R10; \
	JEQ	none; \
	FROMC(LOADG, ordinary); \
	LEAQ	BRIDGE(SB), R12; \
	MOVQ	64(R14), R13; \
	SUBQ	R12, R13; \
	CMPQ	R13, $64; \
	JHI	ordinary; \
	PUSHQ	56(R10); \
	PUSHQ	FRAMEPC; \
	MOVQ	SP, 56(R10); \
	MOVQ	TLS, R13; \
	MOVQ	R14, 0(R13)(TLS*1); \
	MOVQ	INCGO, R13; \
	MOVB	$0, (AX)(R13*1); \
	STACKOFGO; \
	MOVQ	64(R14), R13; \
	MOVQ	R13, -8(SP); \
	LEAQ	-8(SP), SP; \
	XORPS	X15, X15; \
	JMP	·regionEnd(SB); \
ordinary: \
	BACKTOC; \
none: \
	JMP	·regionNone(SB)

// void regionAcquire(int released)
TEXT ·regionAcquire(SB), NOSPLIT|NOFRAME, $0-0
	TESTL	DI, DI
	JEQ	none
	ACQUIRE(·regionBridge)

// void exportLeave(void), which the drop-in calls after each exported Go function.
TEXT ·exportLeave(SB), NOSPLIT|NOFRAME, $0-0
	ALIGN
	ACQUIRE(·exportBridge)

// regionEnd calls exitsyscall. Its caller's frame is that of regionBridge.
TEXT ·regionEnd(SB), NOSPLIT, $16-0
	NO_LOCAL_POINTERS
	MOVQ	·exitSyscall(SB), DX
	MOVQ	(DX), CX
	CALL	CX
	RET	·regionBack(SB)

TEXT ·regionBack(SB), NOSPLIT|NOFRAME, $0-0
	POPQ	R11
	JMP	R11

// callbackForeign makes an ordinary call of Go, through the C function in callbackOrdinary. It is
// for a callback from outside a call with callbacks, or on another stack. The number of the
// callback is in R11.
TEXT ·callbackForeign(SB), NOSPLIT|NOFRAME, $0-0
	SUBQ	$152, SP
	MOVQ	DI, 0(SP)
	MOVQ	SI, 8(SP)
	MOVQ	DX, 16(SP)
	MOVQ	CX, 24(SP)
	MOVQ	R8, 32(SP)
	MOVQ	R9, 40(SP)
	MOVSD	X0, 48(SP)
	MOVSD	X1, 56(SP)
	MOVSD	X2, 64(SP)
	MOVSD	X3, 72(SP)
	MOVSD	X4, 80(SP)
	MOVSD	X5, 88(SP)
	MOVSD	X6, 96(SP)
	MOVSD	X7, 104(SP)
	MOVQ	R11, DI
	MOVQ	SP, SI
	MOVQ	·callbackOrdinary(SB), AX
	CALL	AX
	MOVQ	112(SP), AX
	MOVSD	120(SP), X0
	ADDQ	$152, SP
	RET

// func callClosure(fn, frame unsafe.Pointer)
TEXT ·callClosure(SB), NOSPLIT, $120-16
	NO_LOCAL_POINTERS
	MOVQ	frame+8(FP), R12
	MOVQ	R12, 112(SP)
	MOVQ	fn+0(FP), DX
	MOVQ	0(R12), AX
	MOVQ	8(R12), BX
	MOVQ	16(R12), CX
	MOVQ	24(R12), DI
	MOVQ	32(R12), SI
	MOVQ	40(R12), R8
	MOVSD	48(R12), X0
	MOVSD	56(R12), X1
	MOVSD	64(R12), X2
	MOVSD	72(R12), X3
	MOVSD	80(R12), X4
	MOVSD	88(R12), X5
	MOVSD	96(R12), X6
	MOVSD	104(R12), X7
	MOVQ	TLS, R13
	MOVQ	0(R13)(TLS*1), R14
	XORPS	X15, X15
	MOVQ	(DX), R12
	CALL	R12
	MOVQ	112(SP), R12
	MOVQ	AX, 112(R12)
	MOVSD	X0, 120(R12)
	RET

// callbackFreed is the code of the closure of a callback that has been freed.
TEXT ·callbackFreed(SB), NOSPLIT, $0-0
	NO_LOCAL_POINTERS
	CALL	·calledFreed(SB)
	RET

// The thunks: 16 bytes each.
#define THUNK(N) \
	MOVL	$(N), R11; \
	JMP	·callbackCommon(SB); \
	BYTE	$0x0f; BYTE $0x1f; BYTE $0x44; BYTE $0; BYTE $0
#define THUNK4(N) THUNK(N); THUNK(N+1); THUNK(N+2); THUNK(N+3)
#define THUNK16(N) THUNK4(N); THUNK4(N+4); THUNK4(N+8); THUNK4(N+12)
#define THUNK64(N) THUNK16(N); THUNK16(N+16); THUNK16(N+32); THUNK16(N+48)
#define THUNK256(N) THUNK64(N); THUNK64(N+64); THUNK64(N+128); THUNK64(N+192)

TEXT ·callbackThunks(SB), NOSPLIT|NOFRAME, $0-0
	THUNK256(0)
	THUNK256(256)
	THUNK256(512)
	THUNK256(768)
