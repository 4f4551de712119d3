// SPDX-License-Identifier: BSD-3-Clause
// The way of a leaf call on amd64: from a Go func value to C on the system stack and back.

//go:build linux && cgo

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"

// A func value made by Of points to a closure { code, function, trampoline, isPointer, pc,
// callPC }, and DX to that.
// Arguments are where Go's internal ABI has them: integers in AX BX CX DI SI R8, floats in X0-X7.
// C wants DI SI DX CX R8 R9 and X0-X7. Results are in AX and X0 on both sides. C keeps BX, BP and
// R12-R15, so what is needed afterwards lives there:
//
//	BX m    R12 m.ncgo as it was    R13 the closure    R14 g, as Go keeps it    R15 the goroutine's SP
//
// Every instruction and byte is felt here: a function of no or two integers has an entry of its own,
// which leaves the closure in DX and forgets it; the registers are those with the shorter codes, and the
// two addresses are in the closure. An entry begins where a line of the cache does, and such a short
// one ends in the next; of m.ncgo one byte is changed.
//
// What the runtime's asmcgocall does is done here too: g.sched is saved, TLS says g0, SP is that
// of g0. What entersyscall does is not, but for two things that signal handlers look at: m.ncgo
// is not 0 and g.syscallpc and g.syscallsp say where Go was left, so that a profile and a crash
// show the Go frames, and the C frames where a traceback function is registered.
//
// syscallpc lies in call, a function that is never run and whose frame would have FRAME bytes;
// syscallsp is as much below the true SP, so that an unwinder steps from it to our caller. A leaf
// that calls Go against its contract is then found out by exitsyscall, whose own frame lies above
// syscallsp: it ends the program with "syscall frame is no longer valid".
#define FRAME 704

// These put the arguments where C wants them: none, up to two, all.
#define MOVE0

#define MOVE2 \
	MOVQ	BX, SI; \
	MOVQ	AX, DI

#define MOVE6 \
	MOVQ	R8, R9; \
	MOVQ	SI, R8; \
	MOVQ	BX, SI; \
	MOVQ	DX, R13; \
	MOVQ	CX, DX; \
	MOVQ	DI, CX; \
	MOVQ	AX, DI

// LEAVE goes to the stack of g0; on any other stack than a goroutine's it stays there. AX is free:
// what it held has been moved.
#define LEAVE(CLOSURE, SYSCALLSP, SYSCALLPC, CURG, NCGO) \
	MOVQ	48(R14), BX; \
	MOVQ	SP, R15; \
	CMPQ	CURG(BX), R14; \
	JNE	system; \
	MOVQ	closure_pc(CLOSURE), AX; \
	MOVQ	AX, 64(R14); \
	MOVQ	R15, 56(R14); \
	MOVQ	closure_callPC(CLOSURE), AX; \
	MOVQ	AX, SYSCALLPC(R14); \
	LEAQ	-FRAME(R15), AX; \
	MOVQ	AX, SYSCALLSP(R14); \
	MOVB	NCGO(BX), R12; \
	MOVB	$1, NCGO(BX); \
	MOVQ	(BX), R10; \
	MOVQ	TLS, AX; \
	MOVQ	R10, 0(AX)(TLS*1); \
	MOVQ	56(R10), SP; \
	ANDQ	$~15, SP

// LEAVEANY is LEAVE with the offsets of the closure, which stays in R13: for a Go newer than the rows
// below. BX then points to m.ncgo.
#define LEAVEANY \
	MOVQ	48(R14), BX; \
	MOVQ	SP, R15; \
	MOVL	closure_curg(R13), R10; \
	CMPQ	(BX)(R10*1), R14; \
	JNE	system; \
	MOVQ	closure_pc(R13), AX; \
	MOVQ	AX, 64(R14); \
	MOVQ	R15, 56(R14); \
	MOVQ	closure_callPC(R13), AX; \
	MOVL	closure_syscallPC(R13), R10; \
	MOVQ	AX, (R14)(R10*1); \
	LEAQ	-FRAME(R15), AX; \
	MOVL	closure_syscallSP(R13), R10; \
	MOVQ	AX, (R14)(R10*1); \
	MOVQ	(BX), R10; \
	MOVL	closure_ncgo(R13), AX; \
	ADDQ	AX, BX; \
	MOVB	(BX), R12; \
	MOVB	$1, (BX); \
	MOVQ	TLS, AX; \
	MOVQ	R10, 0(AX)(TLS*1); \
	MOVQ	56(R10), SP; \
	ANDQ	$~15, SP

// RETURN comes back. X15 is zero in Go. A goroutine whose time is up yields here: a loop of leaf
// calls has no other point where it could, for nearly all signals find it in C.
#define RETURN(YIELD, SYSCALLSP, NCGO, ERRNO) \
	MOVQ	TLS, CX; \
	MOVQ	R14, 0(CX)(TLS*1); \
	MOVQ	R15, SP; \
	MOVB	R12, NCGO(BX); \
	XORPS	X15, X15; \
	MOVQ	X15, SYSCALLSP(R14); \
	ERRNO; \
	CMPQ	SP, 16(R14); \
	JLS	preempt; \
	RET; \
preempt: \
	JMP	YIELD(SB)

#define RETURNANY(ERRNO) \
	MOVQ	TLS, CX; \
	MOVQ	R14, 0(CX)(TLS*1); \
	MOVQ	R15, SP; \
	MOVB	R12, (BX); \
	XORPS	X15, X15; \
	MOVL	closure_syscallSP(R13), CX; \
	MOVQ	X15, (R14)(CX*1); \
	ERRNO; \
	CMPQ	SP, 16(R14); \
	JLS	preempt; \
	RET; \
preempt: \
	JMP	·yield(SB)

#define STAY(CALLIT, ERRNO) \
system: \
	ANDQ	$~15, SP; \
	CALLIT; \
	ERRNO; \
	MOVQ	R15, SP; \
	XORPS	X15, X15; \
	RET

#define CALLDX CALL	closure_fn(DX)
#define CALLPLAIN CALL	closure_fn(R13)

// CALLERRNO calls the trampoline, whose seventh and eighth integer arguments are the function and
// where errno goes.
#define CALLERRNO \
	SUBQ	$32, SP; \
	MOVQ	closure_fn(R13), R11; \
	MOVQ	R11, 0(SP); \
	LEAQ	16(SP), AX; \
	MOVQ	AX, 8(SP); \
	CALL	closure_trampoline(R13); \
	MOVLQZX	16(SP), DX

// Where Go looks for errno: nowhere, in the second result, in the first.
#define NOERRNO
#define SECOND MOVQ	DX, BX
#define FIRST MOVQ	DX, AX

#ifdef const_entryAlign
#define ALIGN PCALIGN $const_entryAlign
#else
#define ALIGN
#endif

#define ENTRY(SELF, MOVE, CLOSURE, CALLIT, ERRNO, YIELD, SYSCALLSP, SYSCALLPC, CURG, NCGO) \
TEXT SELF(SB), NOSPLIT|NOFRAME, $0-0; \
	ALIGN; \
	MOVE; \
	LEAVE(CLOSURE, SYSCALLSP, SYSCALLPC, CURG, NCGO); \
	CALLIT; \
	RETURN(YIELD, SYSCALLSP, NCGO, ERRNO); \
	STAY(CALLIT, ERRNO)

#define LAYOUT(N6, N2, N0, E2, E1, SYSCALLSP, SYSCALLPC, CURG, NCGO) \
ENTRY(N6, MOVE6, R13, CALLPLAIN, NOERRNO, ·yield, SYSCALLSP, SYSCALLPC, CURG, NCGO); \
ENTRY(N2, MOVE2, DX, CALLDX, NOERRNO, ·yieldNumber, SYSCALLSP, SYSCALLPC, CURG, NCGO); \
ENTRY(N0, MOVE0, DX, CALLDX, NOERRNO, ·yieldNumber, SYSCALLSP, SYSCALLPC, CURG, NCGO); \
ENTRY(E2, MOVE6, R13, CALLERRNO, SECOND, ·yield, SYSCALLSP, SYSCALLPC, CURG, NCGO); \
ENTRY(E1, MOVE6, R13, CALLERRNO, FIRST, ·yield, SYSCALLSP, SYSCALLPC, CURG, NCGO)

// The numbers are those of layouts in layout.go.
LAYOUT(·call19, ·call19two, ·call19none, ·call19errno, ·call19errno1, 112, 120, 192, 312)
LAYOUT(·call22, ·call22two, ·call22none, ·call22errno, ·call22errno1, 112, 120, 192, 304)
LAYOUT(·call23, ·call23two, ·call23none, ·call23errno, ·call23errno1, 112, 120, 192, 328)
LAYOUT(·call25, ·call25two, ·call25none, ·call25errno, ·call25errno1, 104, 112, 184, 320)
LAYOUT(·call26, ·call26two, ·call26none, ·call26errno, ·call26errno1, 104, 112, 184, 328)

#define ANY(SELF, CALLIT, ERRNO) \
TEXT SELF(SB), NOSPLIT|NOFRAME, $0-0; \
	ALIGN; \
	MOVE6; \
	LEAVEANY; \
	CALLIT; \
	RETURNANY(ERRNO); \
	STAY(CALLIT, ERRNO)

ANY(·callAny, CALLPLAIN, NOERRNO)
ANY(·callAnyErrno, CALLERRNO, SECOND)
ANY(·callAnyErrno1, CALLERRNO, FIRST)

// call stands for Go's side of a leaf call in tracebacks; it never runs.
TEXT ·call(SB), NOSPLIT|NOFRAME, $0-0
	ADJSP	$FRAME
	BYTE	$0x0f; BYTE $0x1f; BYTE $0x84; BYTE $0; BYTE $0; BYTE $0; BYTE $0; BYTE $0
	BYTE	$0x0f; BYTE $0x1f; BYTE $0x84; BYTE $0; BYTE $0; BYTE $0; BYTE $0; BYTE $0
	ADJSP	$-FRAME
	RET

// YIELD has the result in CX if it is a pointer and in AX if not, and 0 in the other.
#define YIELD \
	MOVQ	CX, 0(SP); \
	MOVQ	AX, 8(SP); \
	MOVQ	BX, 16(SP); \
	MOVSD	X0, 24(SP); \
	CALL	·yieldHere(SB); \
	MOVQ	32(SP), AX; \
	ORQ	40(SP), AX; \
	MOVQ	48(SP), BX; \
	MOVSD	56(SP), X0; \
	MOVQ	TLS, CX; \
	MOVQ	0(CX)(TLS*1), R14; \
	XORPS	X15, X15; \
	RET

// yield is where a call ends whose goroutine shall yield: it hands the results to a Go function, whose
// prologue does that, and gives them to our caller. AX goes as a pointer when the closure (R13) says so, for
// nothing else may keep alive what it points to, and as a number when not.
TEXT ·yield(SB), NOSPLIT, $64-0
	NO_LOCAL_POINTERS
	XORL	CX, CX
	CMPQ	closure_isPointer(R13), $0
	JEQ	number
	XCHGQ	AX, CX
number:
	YIELD

// yieldNumber is yield for entries that have forgotten the closure: there the result is no pointer.
TEXT ·yieldNumber(SB), NOSPLIT, $64-0
	NO_LOCAL_POINTERS
	XORL	CX, CX
	YIELD

// func currentG() uintptr
TEXT ·currentG(SB), NOSPLIT, $0-8
	MOVQ	TLS, CX
	MOVQ	0(CX)(TLS*1), AX
	MOVQ	AX, ret+0(FP)
	RET
