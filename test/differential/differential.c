// SPDX-License-Identifier: BSD-3-Clause
// Signals: a random program of operations on signal handlers, which prints what it observes. A seed
// must print the same with libc alone and with our interposition: handlers, flags, masks, nesting,
// and the stack that each handler runs on. usage: differ FIRST-SEED SEEDS OPERATIONS [-v]. Long
// because: it is linked twice.
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

// The maximum distance at which a frame may begin: below the red zone and what XSAVE stores,
// aligned to 64. The interrupted code itself may be libc's in one program and ours in the other.
#if defined(__x86_64__)
static uintptr_t
top_of_frame(const ucontext_t *uc)
{
	uint32_t size;

	memcpy(&size, (const char *)uc->uc_mcontext.fpregs + 468, sizeof size);
	return ((uintptr_t)uc->uc_mcontext.gregs[REG_RSP] - 128 - size) & ~(uintptr_t)63;
}
#else
static uintptr_t
top_of_frame(const ucontext_t *uc)
{
	return (uintptr_t)uc->uc_mcontext.sp & ~(uintptr_t)15;
}
#endif

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MOST_DEEP 6

// An emulator reserves this signal.
#ifdef EMULATED
#	define FAULT SIGXCPU
#else
#	define FAULT SIGSEGV
#endif

typedef void (*handler_fn)(int);

static const int signals[] = {
	SIGUSR1, SIGUSR2, SIGHUP, SIGTERM, SIGWINCH, SIGURG, SIGCHLD, FAULT, SIGFPE, SIGPIPE};
static const int flags[] = {
	SA_ONSTACK, SA_NODEFER, (int)SA_RESETHAND, SA_RESTART, SA_SIGINFO, SA_NOCLDSTOP};

static uint64_t state, hash;
static bool loud;
static int depth;
static unsigned handled;
static sigjmp_buf back;
static bool can_jump;

static unsigned
pick(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state >> 11) % n);
}

static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
	char line[256];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	for (int i = 0; i < n; i++) {
		hash = (hash ^ (unsigned char)line[i]) * 0x100000001b3u;
	}
	if (loud && write(STDOUT_FILENO, line, (size_t)n) != n) {
		_exit(3);
	}
}

static uint64_t
word(const sigset_t *set)
{
	uint64_t w;

	memcpy(&w, set, sizeof w);
	// An emulator may leave signals in the mask that cannot be blocked.
	return w & ~((uint64_t)1 << (SIGKILL - 1) | (uint64_t)1 << (SIGSTOP - 1));
}

static uint64_t
mask_now(void)
{
	sigset_t mask;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	return word(&mask);
}

static int
any_signal(void)
{
	unsigned i = pick(COUNT(signals) + 2);

	return i < COUNT(signals) ? signals[i] : SIGRTMIN + 1 + (int)(i - COUNT(signals));
}

static void step(void);

// A pending signal must not meet the default action, which ends the process.
static bool
waits(int sig)
{
	sigset_t set;

	return sigpending(&set) == 0 && sigismember(&set, sig) == 1;
}

// Sends sig only if a handler is installed for it.
static void
send(int sig)
{
	struct sigaction now;
	union sigval value = {.sival_int = sig * 7};

	if (sigaction(sig, NULL, &now) != 0 || now.sa_handler == SIG_DFL || waits(sig) ||
		depth >= MOST_DEEP) {
		return;
	}
	switch (pick(4)) {
	case 0:
		say("raise %d\n", raise(sig));
		break;
	case 1:
		say("kill %d\n", kill(getpid(), sig));
		break;
	case 2:
		say("tgkill %ld\n", syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), sig));
		break;
	default:
		say("queue %d\n", sigqueue(getpid(), sig, value));
		break;
	}
}

static void
enter(const char *name, int sig, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;
	char *here = __builtin_frame_address(0);
	stack_t alt;
	int err = errno;

	depth++;
	handled++;
	sigaltstack(NULL, &alt);
	say("%*s> %s(%d) mask %lx alt %d", depth, "", name, sig, (long)mask_now(), alt.ss_flags);
	if (info != NULL) {
		intptr_t below = (intptr_t)(top_of_frame(uc) - (uintptr_t)uc);

		// On the alternate stack the distance says nothing.
		if ((alt.ss_flags & SS_ONSTACK) != 0) {
			below = 0;
		}
		say(" code %d before %lx below %ld", info->si_code, (long)word(&uc->uc_sigmask),
			(long)below);
	}
	say(" near %d\n", (uintptr_t)here > (uintptr_t)&alt - 65536);
	for (unsigned n = pick(3); n > 0; n--) {
		step();
	}
	if (can_jump && pick(16) == 0) {
		say("%*s< %s jumps\n", depth, "", name);
		siglongjmp(back, 1);
	}
	say("%*s< %s\n", depth, "", name);
	depth--;
	errno = err;
}

static void
plain_a(int sig)
{
	enter("a", sig, NULL, NULL);
}
static void
plain_b(int sig)
{
	enter("b", sig, NULL, NULL);
}
static void
info_c(int sig, siginfo_t *info, void *uc)
{
	enter("c", sig, info, uc);
}
static void
info_d(int sig, siginfo_t *info, void *uc)
{
	enter("d", sig, info, uc);
}

static const char *
name_of(handler_fn h)
{
	return h == SIG_DFL			    ? "dfl"
	       : h == SIG_IGN			    ? "ign"
	       : h == SIG_ERR			    ? "err"
	       : h == SIG_HOLD			    ? "hold"
	       : h == plain_a			    ? "a"
	       : h == plain_b			    ? "b"
	       : h == (handler_fn)(uintptr_t)info_c ? "c"
	       : h == (handler_fn)(uintptr_t)info_d ? "d"
						    : "unknown";
}

static void
say_action(const char *what, int sig, int err, const struct sigaction *old)
{
	say("%s %d: %d was %s flags %x mask %lx\n", what, sig, err, name_of(old->sa_handler),
		(unsigned)old->sa_flags & ~0x04000000u, (long)word(&old->sa_mask));
}

static handler_fn
any_plain(int sig)
{
	static const handler_fn all[] = {SIG_DFL, SIG_IGN, plain_a, plain_b, plain_a, plain_b};
	handler_fn h = all[pick(COUNT(all))];

	return h == SIG_DFL && waits(sig) ? plain_a : h;
}

static void
set_mask(sigset_t *mask)
{
	static const int masks[3][3] = {
		{0}, {SIGUSR1, SIGTERM, SIGWINCH}, {SIGUSR2, SIGSEGV, SIGHUP}};
	unsigned which = pick(4);

	sigemptyset(mask);
	if (which == 3) {
		sigfillset(mask);
		return;
	}
	for (int i = 0; i < 3; i++) {
		if (masks[which][i] != 0) {
			sigaddset(mask, masks[which][i]);
		}
	}
}

static void
do_sigaction(int sig)
{
	struct sigaction act = {0}, old = {0};

	set_mask(&act.sa_mask);
	for (size_t i = 0; i < COUNT(flags); i++) {
		act.sa_flags |= pick(2) != 0 ? flags[i] : 0;
	}
	act.sa_handler = any_plain(sig);
	if ((act.sa_flags & SA_SIGINFO) != 0 && act.sa_handler != SIG_DFL) {
		act.sa_sigaction = pick(2) != 0 ? info_c : info_d;
	}
	say_action("sigaction", sig, sigaction(sig, &act, &old), &old);
}

static void
do_mask(int sig)
{
	static const int hows[] = {SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK, SIG_UNBLOCK, 77};
	sigset_t mask, old;
	int how = hows[pick(COUNT(hows))];

	sigemptyset(&old);
	set_mask(&mask);
	sigaddset(&mask, sig);
	say("mask %d %lx: %d %lx\n", how, (long)word(&mask), sigprocmask(how, &mask, &old),
		(long)word(&old));
}

static void
step(void)
{
	struct sigaction old = {0};
	int sig = any_signal();

	switch (pick(16)) {
	case 0:
	case 1:
	case 2:
		do_sigaction(sig);
		break;
	case 3:
		say_action("get", sig, sigaction(sig, NULL, &old), &old);
		break;
	case 4:
		say("signal %d: %s\n", sig, name_of(signal(sig, any_plain(sig))));
		break;
	case 5:
		say("sysv %d: %s\n", sig, name_of(sysv_signal(sig, any_plain(sig))));
		break;
	case 6:
		say("sigset %d: %s\n", sig,
			name_of(sigset(sig, pick(3) ? any_plain(sig) : SIG_HOLD)));
		break;
	case 7:
		do_mask(sig);
		break;
	case 8:
		say("interrupt %d: %d\n", sig, siginterrupt(sig, (int)pick(2)));
		break;
	case 9:
		errno = 0;
		sig = pick(2) ? SIGKILL : (int)pick(3) * 50 - 17;
		say("wrong %d: %s", sig, name_of(signal(sig, plain_a)));
		say(" %d\n", errno);
		break;
	default:
		send(sig);
		break;
	}
}

static void
run(uint64_t seed, unsigned operations)
{
	static char alternate[256 * 1024];
	stack_t alt = {.ss_sp = alternate, .ss_size = sizeof alternate};
	volatile unsigned i;

	state = (seed + 1) * 0x9e3779b97f4a7c15u;
	hash = 0xcbf29ce484222325u;
	if (sigaltstack(&alt, NULL) != 0) {
		_exit(2);
	}
	for (i = 0; i < operations; i++) {
		if (sigsetjmp(back, 1) != 0) {
			say("jumped, mask %lx\n", (long)mask_now());
			depth = 0;
		}
		can_jump = true;
		step();
		can_jump = false;
	}
	printf("%lu %016lx %u\n", (long)seed, (long)hash, handled);
	fflush(stdout);
	_exit(0);
}

int
main(int argc, char **argv)
{
	uint64_t first;

	if (argc < 4) {
		return 2;
	}
	first = strtoull(argv[1], NULL, 10);
	loud = argc > 4;
	for (uint64_t seed = first; seed < first + strtoull(argv[2], NULL, 10); seed++) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			run(seed, (unsigned)strtoul(argv[3], NULL, 10));
		}
		if (waitpid(pid, &status, 0) != pid || status != 0) {
			printf("%lu ended with status %x\n", (long)seed, (unsigned)status);
		}
		fflush(stdout);
	}
	return 0;
}
