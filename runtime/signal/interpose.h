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
// Order: a nil pointer and a division by zero in Go's code (SEGV BUS FPE), and SIGURG from Go, go
// to Go's handler first, whoever installed last. Other faults go to the last installer's first.
//
// Under sanitizers nothing of this is compiled: their own interceptors rule. Nor is it in a program
// that leaves it out.
//
// A port must supply the stubs (runtime/arch) and rcgo__frame_relocate
// (rcgo_frame_move_<os>_<arch>.c).
#ifndef RCGO_INTERPOSE_H
#define RCGO_INTERPOSE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "compat.h"
#include "go_sigaction.h"
#include "sanitizer.h"

#define RCGO_ACTION_SLOTS 1024

// Whether C gets our functions in the place of libc's.
#if RCGO_SANITIZED || defined(RCGO_WITHOUT_SIGNALS)
#	define RCGO_INTERPOSE 0
#else
#	define RCGO_INTERPOSE 1
#endif

enum rcgo_interpose_mode {
	RCGO_INTERPOSE_FULL,	// as above
	RCGO_INTERPOSE_ONSTACK, // only adds SA_ONSTACK
	RCGO_INTERPOSE_OFF,	// C's actions stay as they are
};

// In the flags of a record: the kernel has the mask that C asked for. No flag of any kernel's.
#define RCGO_NATIVE_MASK 0x00100000u

// An action as C sees it.
struct rcgo_action_slot {
	uintptr_t handler;
	go_sigset_t mask;
	uint32_t flags;
	uint32_t state;
};

// What a stub and rcgo__trampoline_enter tell each other. The assembly knows the offsets.
struct rcgo_trampoline_frame {
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

// libc's sigaction, or that of a library that was preloaded before it.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__libc_sigaction(int sig, const struct sigaction *act, struct sigaction *old);

typedef int (*rcgo_sigaction_fn)(int sig, const struct sigaction *act, struct sigaction *old);

// rt_sigreturn, for actions that no libc installs (runtime/arch).
extern RCGO_HIDDEN char rcgo__sigreturn[];

#ifdef RCGO_WITHOUT_SIGNALS // rcgo build --without=signals: nothing of it is there

static inline int
rcgo__interpose_restore(int sig, const struct sigaction *act, RCGO_UNUSED bool past_us)
{
	struct sigaction flagged = *act;

	if (act->sa_handler != SIG_DFL && act->sa_handler != SIG_IGN) {
		flagged.sa_flags |= SA_ONSTACK;
	}
	return rcgo__libc_sigaction(sig, &flagged, NULL);
}

static inline void
rcgo__interpose_view(RCGO_UNUSED int sig, RCGO_UNUSED struct sigaction *act)
{
}

static inline void
rcgo__interpose_set_mode(RCGO_UNUSED enum rcgo_interpose_mode mode)
{
}

static inline const struct rcgo_action_slot *
rcgo__action_slot_lookup_or_insert(
	RCGO_UNUSED const struct sigaction *act, RCGO_UNUSED bool native_mask)
{
	return NULL;
}

#else

// sigaction(2) for C code; act and old are C's view. Returns 0, or -1 and sets errno.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__interpose_sigaction(
	int sig, const struct sigaction *act, struct sigaction *old);

// The same for a function of libc's that ends in another sigaction than C's own calls do. No
// function of ours may end in the next library's function of another name: a preloaded library may
// have called it from there.
// Indirect: below, libc's or a preloaded library's, or the system call (libc_signal.h).
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__interpose_sigaction_by(
	rcgo_sigaction_fn below, int sig, const struct sigaction *act, struct sigaction *old);

// The same when Go gives C its action back, or has seen that there is one: as by C itself, but
// where the guard can do nothing the handler gets SA_ONSTACK, as from Go. past_us: it was installed
// past our functions, so whoever installed it sees what the kernel has; see rcgo__host_keeps.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__interpose_restore(int sig, const struct sigaction *act, bool past_us);

// Whether an action of a host, installed past our functions, stays in the kernel as it is but for
// SA_ONSTACK, which Go asks for.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__host_keeps(int sig, const struct sigaction *act);

// Guards an action without SA_ONSTACK that C has installed past us.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__interpose_rewrap(int sig);

// How often an action is guarded anew while others install theirs.
#	define RCGO_REWRAP_TRIES 4

// Guards the action seen anew, as things are now, if the kernel still has it. Returns whether that
// was done.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN bool rcgo__interpose_rewrap_seen(int sig, const struct sigaction *seen);

// Whether C's action, about to be guarded, can have its own mask in the kernel. Notes that it will
// be there.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__interpose_has_native_mask(int sig, const struct sigaction *act);

// The record, if any, has been installed for sig: sees to it that masks in the kernel still do.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN void rcgo__interpose_revalidate_masks(int sig, const struct rcgo_action_slot *slot);

// C gives some thread this alternate stack.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN void rcgo__interpose_note_altstack(const stack_t *st);

// Turns what the kernel has for sig into what C installed.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN void rcgo__interpose_view(int sig, struct sigaction *act);

// Safety: MT-Unsafe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__interpose_set_mode(enum rcgo_interpose_mode mode);

// Whether Go's handler has to see sig first when it is about Go.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__interpose_deliver_to_go(int sig);

// The record of an action, made when there is none; NULL when there is no room. own_mask: the
// kernel is to have C's mask.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const struct rcgo_action_slot *rcgo__action_slot_lookup_or_insert(
	const struct sigaction *act, bool native_mask);

// The record whose stub lies at address handler, or NULL.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const struct rcgo_action_slot *rcgo__action_slot_of(uintptr_t handler);

// The address of a record's stub.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uintptr_t rcgo__action_slot_trampoline(const struct rcgo_action_slot *slot);

// A stub was entered: decides where its handler runs and moves the frame there. Called by the
// assembly on the stack that the kernel chose, with all signals blocked or those of C's mask.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
extern RCGO_HIDDEN void rcgo__trampoline_enter(int sig, siginfo_t *info, void *context,
	unsigned slot, struct rcgo_trampoline_frame *entry);

// Whether the kernel has laid the frame that entry describes. It has not when a handler of C's that
// was shown a stub, past us, calls it.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__frame_is_from_kernel(const struct rcgo_trampoline_frame *entry);

// Moves the frame that entry describes to below sp, as the kernel would have laid it if that were
// the stack pointer of the interrupted code, and entry with it. Leaves both alone where it does not
// know the kernel's layout.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__frame_relocate(struct rcgo_trampoline_frame *entry, uintptr_t sp);

// The stubs: RCGO_ACTION_SLOTS of them, RCGO_TRAMPOLINE_SIZE bytes each (runtime/arch).
#	define RCGO_TRAMPOLINE_SIZE 12
extern RCGO_HIDDEN const char rcgo__trampolines[];

#endif

// Signal Handling: the functions of libc that the guard has its own of, for the C code of the
// program. All behave as libc's; see interpose.h for what handlers without SA_ONSTACK gain.
//
// They are weak. A program may define a variable or a function of such a name itself (`sigset_t
// sigset`), as libc's shared object and its archive allow, and the linker then takes the program's.
// So none of our own code calls them by these names.

#define RCGO_STAND_IN RCGO_EXPORT __attribute__((weak))

typedef void (*rcgo_sighandler)(int);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_STAND_IN int sigaction(int sig, const struct sigaction *act, struct sigaction *old);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_STAND_IN int __sigaction(int sig, const struct sigaction *act, struct sigaction *old);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_STAND_IN rcgo_sighandler signal(int sig, rcgo_sighandler handler);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_STAND_IN rcgo_sighandler bsd_signal(int sig, rcgo_sighandler handler);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_STAND_IN rcgo_sighandler ssignal(int sig, rcgo_sighandler handler);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_STAND_IN rcgo_sighandler sysv_signal(int sig, rcgo_sighandler handler);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_STAND_IN rcgo_sighandler __sysv_signal(int sig, rcgo_sighandler handler);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_STAND_IN rcgo_sighandler sigset(int sig, rcgo_sighandler handler);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_STAND_IN int siginterrupt(int sig, int flag);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_STAND_IN int sigaltstack(const stack_t *want, stack_t *old);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_STAND_IN int pthread_sigmask(int how, const sigset_t *want, sigset_t *old);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_STAND_IN int sigprocmask(int how, const sigset_t *want, sigset_t *old);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_STAND_IN int sighold(int sig);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_STAND_IN int sigblock(int mask);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_STAND_IN int sigsetmask(int mask);

#endif // RCGO_INTERPOSE_H
