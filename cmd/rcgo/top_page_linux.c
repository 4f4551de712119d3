// SPDX-License-Identifier: BSD-3-Clause
// rcgo top: finds the page of counters in another process, and says why it cannot.
#include "top.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "yama.h"

static const char magic[16] = RCGO_STATS_PAGE_MAGIC;

#define CHUNK ((size_t)1 << 16)

static char *
command_of(pid_t pid)
{
	size_t n = 0;
	char *name = read_file(fmt("/proc/%d/comm", pid), &n);

	if (name == NULL) {
		return xstrdup("?");
	}
	name[strcspn(name, "\n")] = '\0';
	return name;
}

// Reads the file, because getpwuid loads libraries, which a static program cannot.
static char *
user_name(uid_t uid)
{
	size_t size;
	char *text = read_file("/etc/passwd", &size), *save;

	for (char *line = text == NULL ? NULL : strtok_r(text, "\n", &save); line != NULL;
		line = strtok_r(NULL, "\n", &save)) {
		char *colon = strchr(line, ':'), *end;
		char *id = colon == NULL ? NULL : strchr(colon + 1, ':');

		if (id != NULL && strtoul(id + 1, &end, 10) == uid && *end == ':') {
			return strndup(line, (size_t)(colon - line));
		}
	}
	return fmt("%u", uid);
}

// Ends rcgo if there is no such process. /proc also accepts the number of a thread,
// which is refused.
static void
check_process(pid_t pid)
{
	size_t n = 0;
	char *status = read_file(fmt("/proc/%d/status", pid), &n);
	const char *line = status != NULL ? strstr(status, "\nTgid:") : NULL;
	int tgid = 0;

	if (line == NULL || sscanf(line, "\nTgid: %d", &tgid) != 1) {
		fail(fmt("there is no process %d", pid), NULL, "look with `pgrep -l NAME` or `ps`");
	}
	if (tgid != pid) {
		fail(fmt("%d is a thread, of process %d", pid, tgid), NULL,
			fmt("rcgo top %d", tgid));
	}
}

static _Noreturn void
fail_not_readable(pid_t pid, int err)
{
	char scope = yama_scope();
	struct stat st;

	if (scope != YAMA_NOBODY && stat(fmt("/proc/%d", pid), &st) == 0 &&
		st.st_uid != geteuid()) {
		fail(fmt("process %d (%s) belongs to %s", pid, command_of(pid),
			     user_name(st.st_uid)),
			"its counters are in its memory, which only that user and root may read",
			fmt("sudo rcgo top %d", pid));
	}
	if (scope > '0') {
		fail(fmt("the kernel does not let us read process %d (%s)", pid, command_of(pid)),
			fmt("kernel.yama.ptrace_scope is %c", scope),
			fmt("%s, or start the program with RCGO=stats=on, which makes the counters "
			    "a file",
				scope == YAMA_NOBODY ? YAMA_ADVICE : fmt("sudo rcgo top %d", pid)));
	}
	fail(fmt("cannot read process %d (%s): %s", pid, command_of(pid), strerror(err)), NULL,
		fmt("sudo rcgo top %d", pid));
}

// With RCGO=stats=on the page is a file that the process keeps open; -1: there is none.
static int
open_file_of(pid_t pid)
{
	char *dir_name = fmt("/proc/%d/fd", pid);
	DIR *dir = opendir(dir_name);
	struct dirent *e;
	int fd = -1;

	while (dir != NULL && fd < 0 && (e = readdir(dir)) != NULL) {
		char *path = path_join(dir_name, e->d_name);
		char to[64] = "";

		if (readlink(path, to, sizeof to - 1) > 0 &&
			has_prefix(to, "/memfd:" RCGO_STATS_PAGE_FILE " ")) {
			fd = open(path, O_RDONLY | O_CLOEXEC);
		}
		free(path);
	}
	if (dir != NULL) {
		closedir(dir);
	}
	return fd;
}

// Returns the position of the magic in [from, to) of fd, or -1.
static off_t
search(int fd, uint64_t from, uint64_t to)
{
	static char buf[CHUNK];

	for (; from < to; from += CHUNK) {
		size_t want = to - from < CHUNK ? (size_t)(to - from) : CHUNK;
		ssize_t got = pread(fd, buf, want, (off_t)from);

		// Its offset in the page is a multiple of a word, so the end of a block does not
		// split the magic.
		for (ssize_t i = 0; i + (ssize_t)sizeof magic <= got; i += 16) {
			if (memcmp(buf + i, magic, sizeof magic) == 0) {
				return (off_t)(from + (uint64_t)i);
			}
		}
	}
	return -1;
}

// Searches the writable data of the program and its libraries.
static off_t
search_data(pid_t pid, int fd)
{
	FILE *maps = fopen(fmt("/proc/%d/maps", pid), "re");
	char line[8192], rights[8];
	uint64_t from, to, offset, inode;
	off_t at = -1;

	while (maps != NULL && at < 0 && fgets(line, sizeof line, maps) != NULL) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %" SCNu64, &from, &to,
			    rights, &offset, &inode) == 5 &&
			has_prefix(rights, "rw-p") && inode != 0) {
			at = search(fd, from, to);
		}
	}
	if (maps != NULL) {
		fclose(maps);
	}
	return at;
}

struct top_page
top_page_open(pid_t pid)
{
	struct top_page p = {.pid = pid};
	struct rcgo_stats_page page;

	check_process(pid);
	p.fd = open_file_of(pid);
	if (p.fd < 0) {
		p.fd = open(fmt("/proc/%d/mem", pid), O_RDONLY | O_CLOEXEC);
		if (p.fd < 0) {
			fail_not_readable(pid, errno);
		}
		p.at = search_data(pid, p.fd);
	}
	if (p.at < 0 || !top_page_read(&p, &page)) {
		fail(fmt("process %d (%s) has no counters of ours", pid, command_of(pid)),
			"it is no Go program with cgo, or was built with the stock runtime/cgo",
			"build it with `rcgo build` and start it again");
	}
	if ((page.flags & RCGO_STATS_PAGE_UP) == 0) {
		fail(fmt("in process %d (%s) Go has not started yet", pid, command_of(pid)), NULL,
			"try again when it runs");
	}
	return p;
}

bool
top_page_read(const struct top_page *p, struct rcgo_stats_page *page)
{
	ssize_t got;

	memset(page, 0, sizeof *page);
	got = pread(p->fd, page, sizeof *page, p->at);
	if (got < (ssize_t)offsetof(struct rcgo_stats_page, stats) ||
		memcmp(page->magic, magic, sizeof magic) != 0) {
		return false;
	}
	// Fields that an older page lacks are set to 0.
	if (page->size < sizeof *page) {
		memset((char *)page + page->size, 0, sizeof *page - page->size);
	}
	return true;
}
