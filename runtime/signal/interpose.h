// SPDX-License-Identifier: BSD-3-Clause
// Signal interposition and handler relocation. Without it, a handler that C code installs without
// SA_ONSTACK may run on a goroutine's stack, where only a few hundred bytes are free
// (golang/go#20400, #7227). Adding SA_ONSTACK alone breaks handlers that inspect their own stack,
// such as garbage collectors. Therefore the kernel enters such a handler on the alternate stack,
// and this part moves its whole signal frame to the C stack. If C code was interrupted, the frame
// goes where the kernel would have put it. If a goroutine was interrupted, it goes below the
// point where C called Go.
//
// Mechanism: for the program's C code, this sigaction and its relatives replace those of libc. A
// relocatable action gets an action slot, and the kernel gets the address of that slot's
// trampoline. Thus handler, flags and mask change in one step, as they do in the kernel's table,
// which is the authority. Changes by fork, vfork, exec, SA_RESETHAND or a raw rt_sigaction need
// no bookkeeping. A query shows C the action that it installed.
//
// While a trampoline moves a frame, no second relocatable handler may be entered: its trampoline
// would already run on the alternate stack and leave its frame there. Handlers with SA_ONSTACK
// run on that stack anyway. An action keeps its own mask in the kernel (native mask) if that mask
// blocks every signal that has ever had a relocatable handler. Its trampoline then needs no
// system call. For any other action the kernel blocks all signals, and the trampoline sets the
// handler's mask after it has moved the frame.
//
// State: 1024 action slots. Each is written once, is constant afterwards, and is claimed without
// a lock. If a program installs more different actions, the rest behave as without interposition.
// Also two sets of signals, which only grow. An installer publishes its bit, reads the other
// actions in the kernel, then re-checks its own. Of two racing installers, at least one sees the
// other.
//
// Order: Go's handler is called first, regardless of the order of installation, for a nil
// dereference or a division by zero in Go code (SEGV, BUS, FPE) and for SIGURG that Go sent. Other
// faults go to the handler that was installed last.
//
// None of this is compiled under sanitizers, whose own interceptors take precedence, or in a
// program built with --without=signals.
//
// A port must supply the trampolines (runtime/arch) and rcgo__frame_relocate
// (relocate_<os>_<arch>.c).
#ifndef RCGO_INTERPOSE_H
#define RCGO_INTERPOSE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "compat.h"
#include "go_sigaction.h"
#include "sanitizer.h"

#define RCGO_ACTION_SLOTS 1024

// Whether this library's functions replace those of libc for C code.
#if RCGO_SANITIZED || defined(RCGO_WITHOUT_SIGNALS)
#	define RCGO_INTERPOSE 0
#else
#	define RCGO_INTERPOSE 1
#endif

enum rcgo_interpose_mode {
	RCGO_INTERPOSE_FULL,	// interposition and handler relocation
	RCGO_INTERPOSE_ONSTACK, // only adds SA_ONSTACK
	RCGO_INTERPOSE_OFF,	// C's actions are not changed
};

// A flag of an action slot: the kernel has the mask that C asked for. No kernel uses this bit.
#define RCGO_NATIVE_MASK 0x00100000u

// An action as C sees it.
struct rcgo_action_slot {
	uintptr_t handler;
	go_sigset_t mask;
	uint32_t flags;
	uint32_t state;
};

// The table of action slots. The number of a slot is that of its trampoline.
// owner: the claiming thread; lock: none; ordering: see action_table.c
RCGO_INTERN struct rcgo_action_slot rcgo__action_slots[RCGO_ACTION_SLOTS];

// The data that a trampoline and rcgo__trampoline_enter exchange. The assembly knows the offsets.
struct rcgo_trampoline_frame {
	uintptr_t target; // the handler to jump to
	uintptr_t sp;	  // the address of the signal frame
	uintptr_t info;
	uintptr_t context;
	go_sigset_t mask; // set before target is entered, if open is 1
	uint64_t open;
	uint64_t sig;
	uint64_t fp;   // arm64: the frame record above the frame
	uint64_t link; // arm64: the return address
};

// Calls libc's sigaction, or that of a library that was preloaded before libc.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__libc_sigaction(int sig, const struct sigaction *act, struct sigaction *old);

typedef int (*rcgo_sigaction_fn)(int sig, const struct sigaction *act, struct sigaction *old);

#ifdef RCGO_WITHOUT_SIGNALS // rcgo build --without=signals: nothing is interposed

static inline int
rcgo__interpose_restore(int sig, const struct sigaction *act, RCGO_UNUSED bool bypassed)
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

// Like rcgo__interpose_sigaction, but installs the action by the function below. It serves libc
// functions that do not end in the sigaction that C code calls. An interposer must not call the
// next library's function of another name, because a preloaded library may have called the
// interposer from that function.
// Indirect: below, libc's or a preloaded library's, or the system call (libc_signal.h).
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__interpose_sigaction_by(
	rcgo_sigaction_fn below, int sig, const struct sigaction *act, struct sigaction *old);

// Installs C's action again, when Go restores it or when it was found in the kernel's table. The
// result is the same as if C code installed it, but if the action cannot be relocated the handler
// gets SA_ONSTACK, as it would from Go. bypassed: the action was installed by a call that bypassed
// our wrapper, so the installer sees what the kernel has; see rcgo__host_keeps.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__interpose_restore(int sig, const struct sigaction *act, bool bypassed);

// Returns whether a host's action stays in the kernel unchanged except for SA_ONSTACK, which Go
// asks for. The host installed it by a call that bypassed our wrapper.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__host_keeps(int sig, const struct sigaction *act);

// Wraps an action without SA_ONSTACK that was installed by a call that bypassed our wrapper.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__interpose_rewrap(int sig);

// The number of attempts to rewrap an action while other threads install actions.
#	define RCGO_REWRAP_TRIES 4

// Wraps the action *seen again under the current conditions, if the kernel still has it. Returns
// whether it did.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN bool rcgo__interpose_rewrap_seen(int sig, const struct sigaction *seen);

// Returns whether C's action, which is about to be wrapped, can have its own mask in the kernel.
// If so, records that the signal has a native mask.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__interpose_has_native_mask(int sig, const struct sigaction *act);

// Call after an action was installed for sig; slot is its action slot or NULL. Checks that each
// native mask still blocks all relocatable signals, and replaces those that do not.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN void rcgo__interpose_revalidate_masks(int sig, const struct rcgo_action_slot *slot);

// Call after C code has set the alternate stack st on any thread. A small stack has no room for
// two frames, so all native masks are checked again.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN void rcgo__interpose_note_altstack(const stack_t *st);

// Changes *act, the kernel's action for sig, to the action that C installed.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN void rcgo__interpose_view(int sig, struct sigaction *act);

// Safety: MT-Unsafe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__interpose_set_mode(enum rcgo_interpose_mode mode);

// Returns whether Go's handler must see sig first when the signal concerns Go.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
static inline bool
rcgo__interpose_deliver_to_go(int sig)
{
	return sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE || sig == SIGURG;
}

// Returns the slot of an action and claims one if there is none. Returns NULL if the table is
// full. native_mask: the kernel is to have C's mask.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const struct rcgo_action_slot *rcgo__action_slot_lookup_or_insert(
	const struct sigaction *act, bool native_mask);

// Returns the slot whose trampoline is at address handler, or NULL.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const struct rcgo_action_slot *rcgo__action_slot_of(uintptr_t handler);

// Returns the address of a slot's trampoline.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uintptr_t rcgo__action_slot_trampoline(const struct rcgo_action_slot *slot);

// Decides on which stack the handler runs and moves the frame there. The assembly calls this
// function when a trampoline was entered, on the stack that the kernel chose, with all signals
// blocked or those of C's mask.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
extern RCGO_HIDDEN void rcgo__trampoline_enter(int sig, siginfo_t *info, void *context,
	unsigned slot, struct rcgo_trampoline_frame *entry);

// Returns whether the kernel wrote the frame that entry describes. It did not if a C handler that
// found a trampoline in the kernel's table, bypassing our wrapper, calls it as a function.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__frame_is_from_kernel(const struct rcgo_trampoline_frame *entry);

// Moves the frame that entry describes to below sp and updates entry. The new place is where the
// kernel would have put the frame if sp were the stack pointer of the interrupted code. Changes
// nothing if it does not recognise the kernel's layout.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__frame_relocate(struct rcgo_trampoline_frame *entry, uintptr_t sp);

// RCGO_ACTION_SLOTS trampolines of RCGO_TRAMPOLINE_SIZE bytes each (runtime/arch).
#	define RCGO_TRAMPOLINE_SIZE 12
extern RCGO_HIDDEN RCGO_CODE const char rcgo__trampolines[];

#endif

// The interposers: functions of libc that this library replaces for the program's C code. All
// behave like those of libc, except that handlers without SA_ONSTACK are relocated (see above).
//
// They are weak. A program may itself define a variable or a function of such a name (`sigset_t
// sigset`), as libc's shared object and archive allow. The linker then uses the program's
// definition. Therefore this library's own code never calls them by these names.

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
