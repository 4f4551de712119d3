// SPDX-License-Identifier: BSD-3-Clause
#include <sys/select.h> // sigset_t, without the functions that <signal.h> declares

typedef void (*handler_fn)(int);

handler_fn signal(int sig, handler_fn handler);
int raise(int sig);
int own_signals(void);

sigset_t sigset;
int siginterrupt = 3;
static volatile int calls;

int
ssignal(int a, int b)
{
	return a + b;
}

long
sighold(const char *name, long n)
{
	return n + (name[0] == 'x');
}

int
sigblock(void)
{
	return 40;
}

int
sigsetmask(int a, int b, int c)
{
	return a * b * c;
}

void *
bsd_signal(void *same)
{
	return same;
}

void
sysv_signal(int *count)
{
	++*count;
}

static void
handler(int sig)
{
	calls += sig;
}

int
own_signals(void)
{
	int sum = ssignal(1, 2) + (int)sighold("x", 6) + sigblock() + sigsetmask(1, 2, 3);

	sysv_signal(&sum);
	sum += bsd_signal(&sum) == &sum;
	sum += siginterrupt + (int)(sizeof sigset > 0);
	signal(10, handler);
	raise(10);
	signal(10, (handler_fn)0);
	return sum * 1000 + calls;
}
