// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: the guard. C code that installs a handler without SA_ONSTACK would have it run
// on a goroutine's stack, which is a few hundred bytes large there (golang/go#20400, #7227). Just
// adding the flag breaks who looks at its stack in the handler, as collectors of garbage do. So:
// such a handler is entered on the alternate stack by the kernel, and moved with its whole frame to
// the C stack: to where the kernel would have put it if C was interrupted, and below the place that
// C called Go from if a goroutine was.
//
// How: our sigaction and its kin take the place of libc's for the C code of the program. An action
// to be guarded becomes a record, and the kernel gets the address of that record's stub. So
// handler, flags and mask change at once, as in the kernel's table, which is the authority: what
// fork, vfork, exec, SA_RESETHAND or a raw rt_sigaction make of it needs no bookkeeping. A query
// shows C what it installed.
//
// While a stub moves a frame, no second handler that has to be moved may come in: its stub would
// find itself on the alternate stack, and leave its frame there. All others run on that stack
// anyway. So an action whose own mask holds off every signal that has had such a handler has that
// mask in the kernel, and its stub no system call to make; for any other the kernel blocks all, and
// the stub opens the mask where the frame lies.
//
// State: 1024 records, each written once and then constant, claimed without a lock. A program with
// more different actions than that has the rest as without the guard. Two sets of signals, which
// only grow: who installs an action adds to them before it looks at what the others have in the
// kernel, and looks at its own again afterwards, so one of two sees the other.
//
// Order: a fault (SEGV BUS FPE) in Go's code, and SIGURG from Go, go to Go's handler first, whoever
// installed last.
//
// Under sanitizers nothing of this is compiled: their own interceptors rule. Nor is it in a program
// that leaves it out.
//
// A port must supply the stubs (src/arch) and rcgo__frame_move (rcgo_frame_move_<os>_<arch>.c).
#ifndef RCGO_GUARD_H
#define RCGO_GUARD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "rcgo_base.h"
#include "rcgo_go_sigaction.h"
#include "rcgo_sanitizer.h"

#define RCGO_RECORDS 1024

// Whether C gets our functions in the place of libc's.
#if RCGO_SANITIZED || defined(RCGO_WITHOUT_SIGNALS)
#	define RCGO_GUARDED 0
#else
#	define RCGO_GUARDED 1
#endif

enum rcgo_guard_mode {
	RCGO_GUARD_FULL,    // as above
	RCGO_GUARD_ONSTACK, // only adds SA_ONSTACK
	RCGO_GUARD_OFF,	    // C's actions stay as they are
};

// In the flags of a record: the kernel has the mask that C asked for. No flag of any kernel's.
#define RCGO_OWN_MASK 0x00100000u

// An action as C sees it.
struct rcgo_action {
	uintptr_t handler;
	go_sigset_t mask;
	uint32_t flags;
	uint32_t state;
};

// What a stub and rcgo__guard_enter tell each other. The assembly knows the offsets.
struct rcgo_entry {
	uintptr_t target; // the handler to go on to
	uintptr_t sp;	  // where the frame lies
	uintptr_t info;
	uintptr_t context;
	go_sigset_t mask; // to be set before target is entered, if open
	uint64_t open;
	uint64_t sig;
	uint64_t fp;   // arm64: the frame record above the frame
	uint64_t link; // arm64: the return address
};

// libc's sigaction, or that of a library that was preloaded before it. Its first call has to be
// outside of handlers: it is the one that installs the first.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__libc_sigaction(int sig, const struct sigaction *act, struct sigaction *old);

// rt_sigreturn, for actions that no libc installs (src/arch).
extern RCGO_HIDDEN char rcgo__sigreturn[];

#ifdef RCGO_WITHOUT_SIGNALS // rcgo build --without=signals: nothing of it is there

static inline int
rcgo__guard_restore(int sig, const struct sigaction *act)
{
	struct sigaction flagged = *act;

	if (act->sa_handler != SIG_DFL && act->sa_handler != SIG_IGN) {
		flagged.sa_flags |= SA_ONSTACK;
	}
	return rcgo__libc_sigaction(sig, &flagged, NULL);
}

static inline void
rcgo__guard_view(RCGO_UNUSED int sig, RCGO_UNUSED struct sigaction *act)
{
}

static inline void
rcgo__guard_set_mode(RCGO_UNUSED enum rcgo_guard_mode mode)
{
}

static inline const struct rcgo_action *
rcgo__record_intern(RCGO_UNUSED const struct sigaction *act, RCGO_UNUSED bool own_mask)
{
	return NULL;
}

#else

// sigaction(2) for C code; act and old are C's view. Returns 0, or -1 and sets errno.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__guard_sigaction(int sig, const struct sigaction *act, struct sigaction *old);

// The same when Go gives C its action back, or has seen that there is one: as by C itself, but
// where the guard can do nothing the handler gets SA_ONSTACK, as from Go.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__guard_restore(int sig, const struct sigaction *act);

// Guards an action without SA_ONSTACK that C has installed past us.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__guard_adopt(int sig);

// How often an action is guarded anew while others install theirs.
#	define RCGO_GUARD_TRIES 4

// Guards the action seen anew, as things are now, if the kernel still has it. Returns whether that
// was done.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN bool rcgo__guard_again(int sig, const struct sigaction *seen);

// Whether C's action, about to be guarded, can have its own mask in the kernel. Notes that it will
// be there.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__guard_has_own_mask(int sig, const struct sigaction *act);

// The record, if any, has been installed for sig: sees to it that masks in the kernel still do.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN void rcgo__guard_settle_masks(int sig, const struct rcgo_action *record);

// C gives some thread this alternate stack.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN void rcgo__guard_note_altstack(const stack_t *st);

// Turns what the kernel has for sig into what C installed.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN void rcgo__guard_view(int sig, struct sigaction *act);

// Safety: MT-Unsafe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__guard_set_mode(enum rcgo_guard_mode mode);

// Whether Go's handler has to see sig first when it is about Go.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__guard_go_first(int sig);

// The record of an action, made when there is none; NULL when there is no room. own_mask: the
// kernel is to have C's mask.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const struct rcgo_action *rcgo__record_intern(
	const struct sigaction *act, bool own_mask);

// The record whose stub lies at address handler, or NULL.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const struct rcgo_action *rcgo__record_of(uintptr_t handler);

// The address of a record's stub.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uintptr_t rcgo__record_stub(const struct rcgo_action *record);

// A stub was entered: decides where its handler runs and moves the frame there. Called by the
// assembly on the stack that the kernel chose, with all signals blocked or those of C's mask.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
extern RCGO_HIDDEN void rcgo__guard_enter(
	int sig, siginfo_t *info, void *context, unsigned record, struct rcgo_entry *entry);

// Whether the kernel has laid the frame that entry describes. It has not when a handler of C's that
// was shown a stub, past us, calls it.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__frame_is_kernels(const struct rcgo_entry *entry);

// Moves the frame that entry describes to below sp, as the kernel would have laid it if that were
// the stack pointer of the interrupted code, and entry with it. Leaves both alone where it does not
// know the kernel's layout.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__frame_move(struct rcgo_entry *entry, uintptr_t sp);

// The stubs: RCGO_RECORDS of them, RCGO_STUB_SIZE bytes each (src/arch).
#	define RCGO_STUB_SIZE 16
extern RCGO_HIDDEN const char rcgo__guard_stubs[];

#endif

#endif // RCGO_GUARD_H
