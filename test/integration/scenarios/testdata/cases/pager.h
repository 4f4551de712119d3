// SPDX-License-Identifier: BSD-3-Clause
// C code that makes pages accessible when they are touched: a SIGSEGV or SIGBUS handler that is
// installed after Go's.
#ifndef PAGER_H
#define PAGER_H

#define PAGER_PAGES 64

// Installs the handler for sig with these flags, and returns PAGER_PAGES pages that cannot be
// written. A write raises SIGSEGV, or SIGBUS if sig is that. Returns NULL on failure.
char *pager_start(int sig, int flags);

// A page that cannot be read, and that the handler does not serve.
char *pager_foreign(void);

long pager_page_size(void);

// The numbers of pages that the handler has opened, and of faults that it has passed on.
int pager_opened(void);
int pager_declined(void);

// Writes to the page.
void pager_touch(int page);

#endif // PAGER_H
