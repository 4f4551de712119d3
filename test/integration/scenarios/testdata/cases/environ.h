// SPDX-License-Identifier: BSD-3-Clause
// C threads that read the environment continuously.
#ifndef ENVIRON_H
#define ENVIRON_H

// Starts the threads; tells them to end and waits for them. The second function returns the number
// of readings, or -1 if one was wrong; why then holds the text.
int environ_readers_start(void);
long environ_threads_stop(char *why, unsigned long size);

// Calls C's own setenv and unsetenv on a C thread until environ_end.
int environ_writer_start(void);

#endif // ENVIRON_H
