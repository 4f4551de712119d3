// SPDX-License-Identifier: BSD-3-Clause
// Stress: runs a command under a stream of signals, repeatedly until there are enough samples, and
// prints one line of TAP.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "stress.h"

struct stress_counts *stress_counts;

static struct stress_counts *
make_counts(char *path, size_t size)
{
	const char *dir = getenv("TMPDIR");
	void *at;
	int fd;

	snprintf(path, size, "%s/stress.XXXXXX", dir != NULL ? dir : "/tmp");
	fd = mkstemp(path);
	if (fd < 0 || ftruncate(fd, sizeof *stress_counts) != 0) {
		return NULL;
	}
	at = mmap(NULL, sizeof *stress_counts, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return at == MAP_FAILED ? NULL : at;
}

// Runs the command once. Returns its wait status.
static int
run_once(const char *library, const char *path, char **command)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(null, 1);
		setenv("LD_PRELOAD", library, 1);
		setenv(STRESS_FILE, path, 1);
		execvp(command[0], command);
		fprintf(stderr, "%s: %s\n", command[0], strerror(errno));
		_exit(127);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
	}
	return status;
}

static void
print_frames(const struct stress_frame *frame, uint32_t n, uint32_t same)
{
	for (uint32_t i = same > 3 ? same - 3 : 0; i < n && i < same + 5; i++) {
		printf("#     %2" PRIu32 " %s+0x%" PRIx64 "\n", i, frame[i].module,
			frame[i].offset);
	}
}

static void
print_bad(void)
{
	static const char *const names[] = {"same", "shorter", "longer", "different"};

	for (uint64_t i = 0; i < stress_counts->bad_n && i < STRESS_BAD; i++) {
		const struct stress_bad *bad = &stress_counts->bad[i];

		printf("# %s from frame %" PRIu32 " on (ours %" PRIu32 ", libgcc's %" PRIu32 "):\n",
			names[bad->kind % STRESS_KINDS], bad->depth, bad->ours_n, bad->theirs_n);
		printf("#   ours\n");
		print_frames(bad->ours, bad->ours_n, bad->depth);
		printf("#   libgcc's\n");
		print_frames(bad->theirs, bad->theirs_n, bad->depth);
	}
}

static void
print_counts(void)
{
	const struct stress_counts *c = stress_counts;

	printf("#   %" PRIu64 " samples in %" PRIu64 " processes: %" PRIu64 " the same, %" PRIu64
	       " shorter, %" PRIu64 " longer, %" PRIu64 " different, %" PRIu64 " not compared\n",
		c->samples, c->processes, c->kind[STRESS_SAME], c->kind[STRESS_SHORTER],
		c->kind[STRESS_LONGER], c->kind[STRESS_DIFFERENT], c->uncompared);
	if (c->ours_frames != 0) {
		printf("#   deepest %" PRIu64 "; %" PRIu64 " ns a frame", c->deepest,
			c->ours_ns / c->ours_frames);
		if (c->theirs_frames != 0) {
			printf(", libgcc %" PRIu64, c->theirs_ns / c->theirs_frames);
		}
		printf("\n");
	}
	if (c->forbidden != 0) {
		printf("#   our walk called %s\n", c->forbidden_name);
	}
}

static bool
good(int status, bool alone, uint64_t wanted)
{
	const struct stress_counts *c = stress_counts;
	uint64_t compared = c->kind[STRESS_SAME] + c->kind[STRESS_LONGER];

	if (status != 0) {
		printf("#   ended with status 0x%x\n", (unsigned)status);
	}
	return status == 0 && c->forbidden == 0 && c->kind[STRESS_SHORTER] == 0 &&
	       c->kind[STRESS_DIFFERENT] == 0 && c->samples >= wanted / 4 &&
	       (alone || compared > c->samples / 2);
}

static const char usage[] = "usage: stress_run [OPTION]... LIBRARY NAME COMMAND [ARG]...\n"
			    "  -a  our walk alone: nothing to compare with can be trusted there\n"
			    "  -l  show samples in which ours is longer, too\n"
			    "  -i  microseconds between signals\n"
			    "  -n  samples\n"
			    "  -s  seconds after which the command is not started again\n";

struct options {
	uint64_t wanted, interval;
	long seconds;
	bool alone, longer;
};

static bool
read_options(int argc, char **argv, struct options *o)
{
	int option;

	while ((option = getopt(argc, argv, "+ali:n:s:")) != -1) {
		switch (option) {
		case 'a':
			o->alone = true;
			break;
		case 'l':
			o->longer = true;
			break;
		case 'i':
			o->interval = strtoull(optarg, NULL, 10);
			break;
		case 'n':
			o->wanted = strtoull(optarg, NULL, 10);
			break;
		case 's':
			o->seconds = atol(optarg);
			break;
		default:
			return false;
		}
	}
	return argc - optind >= 3;
}

int
main(int argc, char **argv)
{
	struct options o = {.wanted = 1000, .interval = 40, .seconds = 5};
	char path[4096];
	time_t end;
	int status;
	bool ok;

	if (!read_options(argc, argv, &o)) {
		fputs(usage, stderr);
		return 2;
	}
	stress_counts = make_counts(path, sizeof path);
	if (stress_counts == NULL) {
		perror(path);
		return 2;
	}
	stress_counts->wanted = o.wanted;
	stress_counts->interval = o.interval;
	stress_counts->alone = o.alone;
	stress_counts->show_longer = o.longer;
	end = time(NULL) + o.seconds;
	do {
		status = run_once(argv[optind], path, argv + optind + 2);
	} while (status == 0 && stress_counts->samples < o.wanted && time(NULL) < end);
	unlink(path);
	ok = good(status, o.alone, o.wanted);
	printf("%sok - stress: %s\n", ok ? "" : "not ", argv[optind + 1]);
	print_counts();
	print_bad();
	return ok ? 0 : 1;
}
