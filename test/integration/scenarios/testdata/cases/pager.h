// SPDX-License-Identifier: BSD-3-Clause
// C code that makes pages accessible when they are touched: a SIGSEGV or SIGBUS handler which is
// installed after Go's.
#ifndef PAGER_H
#define PAGER_H

#define PAGER_PAGES 64

// Installs the handler for sig with these flags, and gives PAGER_PAGES pages that nobody can write
// to. They raise SIGSEGV, or SIGBUS if sig is that. NULL when that fails.
char *pager_start(int sig, int flags);

// A page that nobody can read, which the handler does not serve.
char *pager_foreign(void);

long pager_page_size(void);

// How many pages the handler has opened, and how many faults it has passed on.
int pager_opened(void);
int pager_declined(void);

// Writes to the page.
void pager_touch(int page);

#endif // PAGER_H
