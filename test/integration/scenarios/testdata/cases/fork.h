// SPDX-License-Identifier: BSD-3-Clause
// Children of a running Go program, made in every way that C offers.
#ifndef FORK_H
#define FORK_H

enum fork_how { FORK_LIBC, FORK_CLONE, FORK_VFORK };

enum child_what {
	CHILD_CALLS_GO,	       // on the thread that forked
	CHILD_THREAD_CALLS_GO, // on a new thread of the child
	CHILD_EXECS,	       // becomes /bin/true
	CHILD_ENDS_THREAD,     // ends the thread that forked by pthread_exit
	CHILD_EXITS,	       // ends by exit, with atexit handlers
};

// Forks, makes the child do what, and returns its wait status or -errno. SIGALRM ends a child that
// does not end within five seconds.
int fork_and(int how, int what);

// Does the same on a C thread that has called Go before, and so is bound to an M.
int fork_on_thread_and(int how, int what);

#endif // FORK_H
