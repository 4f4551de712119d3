// SPDX-License-Identifier: BSD-3-Clause
// Installers of signal actions: the action slots, and the argument why native masks miss no other
// handler (runtime/signal/wrap.c).

#include <signal.h>
#include <string.h>

#include "action_table.c"
#include "sigaction.c"
#include "wrap.c"

#include "model.h"

const char rcgo__trampolines[RCGO_ACTION_SLOTS * RCGO_TRAMPOLINE_SIZE];

// The kernel's table of actions, and what C has asked for.
static struct sigaction installed[RCGO_SIGNALS + 1];
static const struct rcgo_action_slot *delivered;

static int
kernel_sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	struct sigaction before;

	model_kernel(installed);
	memcpy(&before, &installed[sig], sizeof before);
	if (act != NULL) {
		memcpy(&installed[sig], act, sizeof *act);
	}
	if (old != NULL) {
		memcpy(old, &before, sizeof before);
	}
	return 0;
}

int
rcgo__libc_sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	return kernel_sigaction(sig, act, old);
}

bool
rcgo__signal_chain_wrap(int sig, struct sigaction *act)
{
	(void)sig, (void)act;
	return false;
}

void
rcgo__signal_dump_change(int sig, uintptr_t by)
{
	(void)sig, (void)by;
}

static void
start(void)
{
	memset(rcgo__action_slots, 0, sizeof rcgo__action_slots);
	memset(installed, 0, sizeof installed);
	memset(last_slot, 0, sizeof last_slot);
	memset(&relocatable_signals, 0, sizeof relocatable_signals);
	memset(&native_mask_signals, 0, sizeof native_mask_signals);
	delivered = NULL;
}

static void
on_signal(int sig)
{
	(void)sig;
}

static void
on_other_signal(int sig)
{
	(void)sig;
}

static void
install(int sig, void (*handler)(int), int flags, int masked)
{
	struct sigaction act = {.sa_flags = flags};

	act.sa_handler = handler;
	sigemptyset(&act.sa_mask);
	if (masked != 0) {
		sigaddset(&act.sa_mask, masked);
	}
	MODEL_ASSERT(rcgo__interpose_sigaction(sig, &act, NULL) == 0);
}

// The kernel delivers the signal: the trampoline reads its slot.
static void
deliver(int sig)
{
	struct sigaction act;
	const struct rcgo_action_slot *slot;

	kernel_sigaction(sig, NULL, &act);
	slot = rcgo__action_slot_of(rcgo__action_handler(&act));
	if (slot != NULL) {
		MODEL_ASSERT(slot->handler == (uintptr_t)on_signal ||
			     slot->handler == (uintptr_t)on_other_signal);
		MODEL_ASSERT((slot->flags & ~RCGO_NATIVE_MASK) == 0);
	}
}

static void
usr1_masks_usr2(void)
{
	install(SIGUSR1, on_signal, 0, SIGUSR2);
}

static void
usr1_masks_nothing(void)
{
	install(SIGUSR1, on_signal, 0, 0);
}

static void
usr2_masks_usr1(void)
{
	install(SIGUSR2, on_signal, 0, SIGUSR1);
}

static void
hup_masks_nothing(void)
{
	install(SIGHUP, on_other_signal, 0, 0);
}

static void
usr1_again(void)
{
	install(SIGUSR1, on_other_signal, 0, SIGUSR2);
}

static void
usr1_is_delivered(void)
{
	deliver(SIGUSR1);
}

static void
small_altstack(void)
{
	const stack_t small = {.ss_size = 8192};

	rcgo__interpose_note_altstack(&small);
}

// An action whose mask the kernel uses as it is blocks every signal with a relocatable handler.
static void
masks_suffice(void)
{
	sigset_t maskable;

	sigfillset(&maskable);
	for (int sig = 1; sig <= RCGO_SIGNALS; sig++) {
		const struct rcgo_action_slot *slot =
			rcgo__action_slot_of(rcgo__action_handler(&installed[sig]));

		for (int other = 1; slot != NULL && other <= RCGO_SIGNALS; other++) {
			if (other != sig && rcgo__sigset_has(&relocatable_signals, other) &&
				sigismember(&maskable, other) == 1) {
				MODEL_ASSERT(sigismember(&installed[sig].sa_mask, other) == 1);
			}
		}
	}
}

static const struct model_test tests[] = {
	{.name = "two installers, masks of each other",
		.before = start,
		.after = masks_suffice,
		.threads = {{usr1_masks_usr2}, {usr2_masks_usr1}},
		.preemptions = 3},
	{.name = "two installers, one mask",
		.before = start,
		.after = masks_suffice,
		.threads = {{usr1_masks_nothing}, {hup_masks_nothing}},
		.preemptions = 3},
	{.name = "two installers for one signal",
		.before = start,
		.after = masks_suffice,
		.threads = {{usr1_masks_usr2}, {usr1_again}},
		.preemptions = 2},
	{.name = "a handler installs",
		.before = start,
		.after = masks_suffice,
		.threads = {{usr1_masks_usr2, hup_masks_nothing}},
		.preemptions = 0},
	{.name = "the signal arrives",
		.before = start,
		.after = masks_suffice,
		.threads = {{usr1_masks_usr2}, {hup_masks_nothing, usr1_is_delivered}},
		.preemptions = 1},
	{.name = "a small alternate stack",
		.before = start,
		.after = masks_suffice,
		.threads = {{usr1_masks_nothing}, {small_altstack}},
		.preemptions = 3},
	{.name = "three installers",
		.before = start,
		.after = masks_suffice,
		.threads = {{usr1_masks_nothing}, {usr2_masks_usr1}, {hup_masks_nothing}},
		.preemptions = 1},
};

MODEL_MAIN(tests)
