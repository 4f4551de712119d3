// SPDX-License-Identifier: BSD-3-Clause
// The way of a leaf call on amd64: from a Go func value to C on the system stack and back.

//go:build linux && cgo

#include "funcdata.h"
#include "textflag.h"

// A func value made by Of points to a closure { code, function, trampoline, isPointer }, and DX to
// that.
// Arguments are where Go's internal ABI has them: integers in AX BX CX DI SI R8, floats in X0-X7.
// C wants DI SI DX CX R8 R9 and X0-X7. Results are in AX and X0 on both sides. C keeps BX, BP and
// R12-R15, so what is needed afterwards lives there:
//
//	BX isPointer    R12 the goroutine's SP    R13 m    R14 g, as Go keeps it    R15 m.ncgo as it was
//
// What the runtime's asmcgocall does is done here too: g.sched is saved, TLS says g0, SP is that
// of g0. What entersyscall does is not, but for two things that signal handlers look at: m.ncgo
// counts up and g.syscallpc and g.syscallsp say where Go was left, so that a profile and a crash
// show the Go frames, and the C frames where a traceback function is registered.
//
// syscallpc lies in call, a function that is never run and whose frame would have FRAME bytes;
// syscallsp is as much below the true SP, so that an unwinder steps from it to our caller. A leaf
// that calls Go against its contract is then found out by exitsyscall, whose own frame lies above
// syscallsp: it ends the program with "syscall frame is no longer valid".
#define FRAME 704

// MOVE puts the arguments where C wants them and loads what the call needs.
#define MOVE \
	MOVQ	8(DX), R11; \
	MOVQ	16(DX), R10; \
	MOVQ	24(DX), R15; \
	MOVQ	48(R14), R13; \
	MOVQ	SP, R12; \
	MOVQ	R8, R9; \
	MOVQ	SI, R8; \
	MOVQ	CX, DX; \
	MOVQ	DI, CX; \
	MOVQ	BX, SI; \
	MOVQ	AX, DI; \
	MOVQ	R15, BX

// LEAVE goes to the stack of g0; on any other stack than a goroutine's it stays there.
#define LEAVE(SELF, SYSCALLSP, SYSCALLPC, CURG, NCGO) \
	CMPQ	CURG(R13), R14; \
	JNE	system; \
	LEAQ	SELF+8(SB), R15; \
	MOVQ	R15, 64(R14); \
	MOVQ	R12, 56(R14); \
	LEAQ	·call+16(SB), R15; \
	MOVQ	R15, SYSCALLPC(R14); \
	LEAQ	-FRAME(R12), R15; \
	MOVQ	R15, SYSCALLSP(R14); \
	MOVL	NCGO(R13), R15; \
	LEAL	1(R15), AX; \
	MOVL	AX, NCGO(R13); \
	MOVQ	TLS, AX; \
	MOVQ	(R13), R13; \
	MOVQ	R13, 0(AX)(TLS*1); \
	MOVQ	56(R13), SP; \
	MOVQ	48(R14), R13; \
	ANDQ	$~15, SP

// RETURN comes back. X15 is zero in Go. A goroutine whose time is up yields here: a loop of leaf
// calls has no other point where it could, for nearly all signals find it in C.
#define RETURN(SYSCALLSP, NCGO) \
	MOVQ	BX, R10; \
	MOVQ	DX, BX; \
	MOVQ	TLS, CX; \
	MOVQ	R14, 0(CX)(TLS*1); \
	MOVQ	R12, SP; \
	MOVL	R15, NCGO(R13); \
	MOVQ	$0, SYSCALLSP(R14); \
	XORPS	X15, X15; \
	CMPQ	SP, 16(R14); \
	JLS	preempt; \
	RET; \
preempt: \
	JMP	·yield(SB)

// CALLERRNO calls the trampoline, whose seventh and eighth integer arguments are the function and
// where errno goes.
#define CALLERRNO \
	SUBQ	$32, SP; \
	MOVQ	R11, 0(SP); \
	LEAQ	16(SP), AX; \
	MOVQ	AX, 8(SP); \
	CALL	R10; \
	MOVLQZX	16(SP), DX

#define LAYOUT(PLAIN, SECOND, FIRST, SYSCALLSP, SYSCALLPC, CURG, NCGO) \
TEXT PLAIN(SB), NOSPLIT|NOFRAME, $0-0; \
	MOVE; \
	LEAVE(PLAIN, SYSCALLSP, SYSCALLPC, CURG, NCGO); \
	CALL	R11; \
	RETURN(SYSCALLSP, NCGO); \
system: \
	ANDQ	$~15, SP; \
	CALL	R11; \
	MOVQ	R12, SP; \
	XORPS	X15, X15; \
	RET; \
TEXT SECOND(SB), NOSPLIT|NOFRAME, $0-0; \
	MOVE; \
	LEAVE(SECOND, SYSCALLSP, SYSCALLPC, CURG, NCGO); \
	CALLERRNO; \
	RETURN(SYSCALLSP, NCGO); \
system: \
	ANDQ	$~15, SP; \
	CALLERRNO; \
	MOVQ	DX, BX; \
	MOVQ	R12, SP; \
	XORPS	X15, X15; \
	RET; \
TEXT FIRST(SB), NOSPLIT|NOFRAME, $0-0; \
	MOVE; \
	LEAVE(FIRST, SYSCALLSP, SYSCALLPC, CURG, NCGO); \
	CALLERRNO; \
	MOVQ	DX, AX; \
	RETURN(SYSCALLSP, NCGO); \
system: \
	ANDQ	$~15, SP; \
	CALLERRNO; \
	MOVQ	DX, AX; \
	MOVQ	R12, SP; \
	XORPS	X15, X15; \
	RET

// The numbers are those of layouts in layout.go.
LAYOUT(·call19, ·call19errno, ·call19errno1, 112, 120, 192, 312)
LAYOUT(·call22, ·call22errno, ·call22errno1, 112, 120, 192, 304)
LAYOUT(·call26, ·call26errno, ·call26errno1, 104, 112, 184, 328)

// call stands for Go's side of a leaf call in tracebacks; it never runs.
TEXT ·call(SB), NOSPLIT|NOFRAME, $0-0
	ADJSP	$FRAME
	BYTE	$0x0f; BYTE $0x1f; BYTE $0x84; BYTE $0; BYTE $0; BYTE $0; BYTE $0; BYTE $0
	BYTE	$0x0f; BYTE $0x1f; BYTE $0x84; BYTE $0; BYTE $0; BYTE $0; BYTE $0; BYTE $0
	ADJSP	$-FRAME
	RET

// yield is where a call ends whose goroutine shall yield: it hands the results to a Go function, whose
// prologue does that, and gives them to our caller. AX goes as a pointer when it is one (R10), for
// nothing else may keep alive what it points to, and as a number when not.
TEXT ·yield(SB), NOSPLIT, $64-0
	NO_LOCAL_POINTERS
	XORL	CX, CX
	TESTQ	R10, R10
	JEQ	number
	XCHGQ	AX, CX
number:
	MOVQ	CX, 0(SP)
	MOVQ	AX, 8(SP)
	MOVQ	BX, 16(SP)
	MOVSD	X0, 24(SP)
	CALL	·yieldHere(SB)
	MOVQ	32(SP), AX
	ORQ	40(SP), AX
	MOVQ	48(SP), BX
	MOVSD	56(SP), X0
	MOVQ	TLS, CX
	MOVQ	0(CX)(TLS*1), R14
	XORPS	X15, X15
	RET

// func currentG() uintptr
TEXT ·currentG(SB), NOSPLIT, $0-8
	MOVQ	TLS, CX
	MOVQ	0(CX)(TLS*1), AX
	MOVQ	AX, ret+0(FP)
	RET
