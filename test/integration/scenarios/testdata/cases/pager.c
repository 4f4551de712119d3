// SPDX-License-Identifier: BSD-3-Clause
#define _GNU_SOURCE

#include "pager.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static char *base;
static size_t page_size;
static int backing; // the file behind the pages, grown by the handler, or -1
static volatile int opened, declined;
static struct sigaction before;

static int
open_page(char *at)
{
	size_t offset = (size_t)(at - base) / page_size * page_size;

	opened++;
	if (backing >= 0) {
		return ftruncate(backing, (off_t)(offset + page_size));
	}
	return mprotect(base + offset, page_size, PROT_READ | PROT_WRITE);
}

static void
on_fault(int sig, siginfo_t *info, void *context)
{
	char *at = info->si_addr;

	if (at >= base && at < base + PAGER_PAGES * page_size) {
		if (open_page(at) != 0) {
			_Exit(9);
		}
		return;
	}
	declined++;
	if ((before.sa_flags & SA_SIGINFO) != 0) {
		before.sa_sigaction(sig, info, context);
		return;
	}
	sigaction(sig, &before, NULL);
}

char *
pager_start(int sig, int flags)
{
	struct sigaction act = {.sa_flags = flags | SA_SIGINFO};

	page_size = (size_t)sysconf(_SC_PAGESIZE);
	backing = sig == SIGBUS ? memfd_create("pages", 0) : -1;
	base = mmap(NULL, PAGER_PAGES * page_size,
		backing >= 0 ? PROT_READ | PROT_WRITE : PROT_READ,
		backing >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, backing, 0);
	act.sa_sigaction = on_fault;
	if (base == MAP_FAILED || sigaction(sig, &act, &before) != 0) {
		return NULL;
	}
	return base;
}

char *
pager_foreign(void)
{
	char *page = mmap(NULL, page_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? NULL : page;
}

long
pager_page_size(void)
{
	return (long)page_size;
}

int
pager_opened(void)
{
	return opened;
}

int
pager_declined(void)
{
	return declined;
}

void
pager_touch(int page)
{
	*(volatile char *)(base + (size_t)page * page_size) = 1;
}
