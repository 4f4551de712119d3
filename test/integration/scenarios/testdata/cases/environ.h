// SPDX-License-Identifier: BSD-3-Clause
// Threads of C that read the environment all the time.
#ifndef ENVIRON_H
#define ENVIRON_H

// Starts them; and tells all threads to end, and waits for them. The second returns the number of
// readings, or -1 when one was wrong; why then holds the text in question.
int environ_readers_start(void);
long environ_threads_stop(char *why, unsigned long size);

// C's own setenv and unsetenv, on a thread of C, until then.
int environ_writer_start(void);

#endif // ENVIRON_H
