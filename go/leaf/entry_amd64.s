// SPDX-License-Identifier: BSD-3-Clause
// Leaf calls on amd64: from a Go func value to C on the system stack and back.

//go:build linux && cgo

#include "funcdata.h"
#include "go_asm.h"
#include "textflag.h"

// A func value made by Of points to a closure { code, function, trampoline, isPointer, pc,
// callPC }, whose address Go passes in DX. Go's internal ABI passes integers in AX BX CX DI SI R8,
// and floats in X0-X7. C takes them in DI SI DX CX R8 R9 and X0-X7. Results are in AX and X0 on
// both sides. C preserves BX, BP and R12-R15, so values that are needed after the call are there:
//
//	BX m    R12 the previous m.ncgo    R13 the closure    R14 g, as in Go    R15 the goroutine's SP
//
// Each instruction and each byte costs measurable time here. Functions of up to two integers have
// entries of their own, which leave the closure in DX and do not preserve it. The registers are
// those with the shorter encodings, and the two addresses are in the closure. Each entry begins at
// a cache line, and these short ones end in the next line. Only one byte of m.ncgo is written.
//
// An entry does what the runtime's asmcgocall does: it saves g.sched, makes g0 the current g,
// and changes to the stack of g0. Of the work of entersyscall it does only what signal
// handlers read: m.ncgo is not 0, and g.syscallpc and g.syscallsp are the PC and SP where the
// goroutine left Go. So profiles and crashes show the Go frames, and the C frames if a
// traceback function is registered.
//
// g.syscallpc lies in call, a function that never runs and has a frame of FRAME bytes. g.syscallsp
// is FRAME bytes below the true SP, so an unwinder steps from there to our caller. If a leaf breaks
// its contract and calls Go, exitsyscall detects that, because its own frame lies above
// g.syscallsp. It ends the program with "syscall frame is no longer valid".
#define FRAME 704

// These move the integer arguments to C's registers: none, up to two, all.
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

// LEAVE changes to the stack of g0. If the caller is not on a goroutine's stack, LEAVE jumps to
// system instead. It may use AX, whose argument has been moved.
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

// LEAVEANY is LEAVE for a Go version newer than the rows below: the offsets come from the closure,
// which stays in R13. BX becomes the address of m.ncgo.
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

// RETURN changes back to the goroutine's stack, and sets X15 to zero, as Go requires. If the
// goroutine's time slice is over, it yields. A loop of leaf calls has no other point for that,
// because nearly all preemption signals interrupt it in C.
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

// CALLERRNO calls the trampoline. Its seventh and eighth integer arguments are the function and the
// address for errno.
#define CALLERRNO \
	SUBQ	$32, SP; \
	MOVQ	closure_fn(R13), R11; \
	MOVQ	R11, 0(SP); \
	LEAQ	16(SP), AX; \
	MOVQ	AX, 8(SP); \
	CALL	closure_trampoline(R13); \
	MOVLQZX	16(SP), DX

// The result in which Go expects errno: none, the second, the first.
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

// The numbers are the offsets of the rows of layouts in layout.go.
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

// call never runs. During a leaf call g.syscallpc points into it, so tracebacks show it as the
// frame of the call.
TEXT ·call(SB), NOSPLIT|NOFRAME, $0-0
	ADJSP	$FRAME
	BYTE	$0x0f; BYTE $0x1f; BYTE $0x84; BYTE $0; BYTE $0; BYTE $0; BYTE $0; BYTE $0
	BYTE	$0x0f; BYTE $0x1f; BYTE $0x84; BYTE $0; BYTE $0; BYTE $0; BYTE $0; BYTE $0
	ADJSP	$-FRAME
	RET

// YIELD takes the result in CX if it is a pointer, else in AX. The other register is 0.
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

// yield ends a call after which the goroutine must yield. It passes the results through
// yieldHere, a Go function whose prologue yields, and returns them to our caller. If the closure
// (R13) says so, AX is passed as a pointer, because it may be the only reference to its memory;
// otherwise as a number.
TEXT ·yield(SB), NOSPLIT, $64-0
	NO_LOCAL_POINTERS
	XORL	CX, CX
	CMPQ	closure_isPointer(R13), $0
	JEQ	number
	XCHGQ	AX, CX
number:
	YIELD

// yieldNumber is yield for entries that do not preserve the closure. Their result is
// never a pointer.
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
