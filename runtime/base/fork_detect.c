// SPDX-License-Identifier: BSD-3-Clause
// Base: detects a fork of the process in which Go started. Called on C stacks at any time. The
// kernel wipes one page in every child (process_<os>.c). So no atfork handler is
// needed, which the C library runs for its own fork(3) only, and the fast path is one load.

//rcgo:small

#include "fork_detect.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fatal.h"
#include "options.h"

#define PAGE_BYTES 4096 // at least one page; mmap rounds up to the page size

// Used until Go starts, and permanently on a kernel that cannot wipe a page.
// owner: the process; lock: none; ordering: its words are atomics
static struct rcgo_wipe_on_fork unwiped_page;

// owner: rcgo__fork_mark; lock: none, it runs before Go has a second thread
// ordering: release on writing; acquire on reading, for C threads that wait for Go already
static struct rcgo_wipe_on_fork *fork_page = &unwiped_page;

// The id of the process in which Go started; 0 before.
// owner: rcgo__fork_mark; lock: none; ordering: written before fork_page is, read after
static pid_t go_pid;

static struct rcgo_wipe_on_fork *
map_wiped_page(void)
{
	void *page =
		mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED) {
		return NULL;
	}
	if (!rcgo__wipe_on_fork(page, PAGE_BYTES)) {
		munmap(page, PAGE_BYTES);
		return NULL;
	}
	return page;
}

void
rcgo__fork_mark(void)
{
	struct rcgo_wipe_on_fork *page;
	int saved = errno;

	// With RCGO=fork=stock, children are not distinguished from their parent, and
	// no page is needed.
	if (rcgo_load_rlx(&go_pid) != 0 || rcgo__option_is("fork", "stock")) {
		return;
	}
	page = map_wiped_page();
	if (page == NULL) {
		page = &unwiped_page;
	}
	rcgo_store_rlx(&page->alive, 1);
	rcgo_store_rlx(&go_pid, getpid());
	rcgo_store_rel(&fork_page, page);
	errno = saved;
}

struct rcgo_wipe_on_fork *
rcgo__wipe_on_fork_page(void)
{
	return rcgo_load_acq(&fork_page);
}

bool
rcgo__forked(void)
{
	struct rcgo_wipe_on_fork *page = rcgo_load_acq(&fork_page);
	pid_t pid = rcgo_load_rlx(&go_pid);

	if (page == &unwiped_page) {
		return pid != 0 && pid != getpid();
	}
	return rcgo_load_rlx(&page->alive) == 0;
}

bool
rcgo__is_own_pid(int32_t pid)
{
	pid_t own = rcgo_load_rlx(&go_pid);

	return pid == (own != 0 && !rcgo__forked() ? own : getpid());
}

#define ENTERED "Go was entered in a forked child process.\n"
#define ADVICE                                                                          \
	"\tCall exec after fork, or posix_spawn instead of fork, or fork before Go is " \
	"loaded; in Python, use the multiprocessing start method \"spawn\"."

void
rcgo__fork_fatal(enum rcgo_fork_end why)
{
	rcgo__fatal_unreported(
		why == RCGO_FORK_WAITS
			? ENTERED "\tThe call waits for one of Go's other threads, which fork() "
				  "does not copy: it would hang.\n" ADVICE
			: ENTERED "\tfork() copies only the calling thread: Go's other threads are "
				  "gone in the child and the call would hang.\n" ADVICE);
}

void
rcgo__fork_warn(void)
{
	rcgo__say(ENTERED "\tfork() copies only the calling thread: a call that needs Go's other "
			  "threads hangs.\n" ADVICE);
}
