// SPDX-License-Identifier: BSD-3-Clause
// rcgo: a go command that builds programs with our runtime/cgo.
#include "rcgo.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"abi", cmd_abi},
	{"addr2line", cmd_addr2line},
	{"doctor", cmd_doctor},
	{"env", cmd_env},
	{"heap", cmd_heap},
	{"help", cmd_help},
	{"init", cmd_init},
	{"leaf", cmd_leaf},
	{"overlay", cmd_overlay},
	{"record", cmd_record},
	{"shim", cmd_shim},
	{"stack", cmd_stack},
	{"symbolize", cmd_symbolize},
	{"top", cmd_top},
	{"version", cmd_version},
	{"-h", cmd_help},
	{"-help", cmd_help},
	{"--help", cmd_help},
	{"--version", cmd_version},
};

// Opens closed standard streams. Otherwise a pipe of ours could get one of their numbers and be
// lost in a child.
static void
fill_streams(void)
{
	int fd = open("/dev/null", O_RDWR);

	while (fd >= 0 && fd <= 2) {
		fd = open("/dev/null", O_RDWR);
	}
	close(fd);
}

static bool
wants_help(const char *word)
{
	return strcmp(word, "-h") == 0 || strcmp(word, "-help") == 0 || strcmp(word, "--help") == 0;
}

// Under the name go, rcgo has no subcommands of its own.
static bool
is_called_go(const char *name)
{
	const char *slash = strrchr(name, '/');

	return strcmp(slash == NULL ? name : slash + 1, "go") == 0;
}

// Returns whether the user means the subcommand of go, for names that rcgo and go share.
static bool
is_gos(char **argv)
{
	return (strcmp(argv[1], "env") == 0 && env_is_gos(argv + 2)) ||
	       (strcmp(argv[1], "version") == 0 && version_is_gos(argv + 2)) ||
	       (strcmp(argv[1], "help") == 0 && help_is_gos(argv + 2));
}

// A full disk may be reported only here.
static int
finish(int status)
{
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		fail(fmt("cannot write to standard output: %s", strerror(errno)), NULL, NULL);
	}
	return status;
}

int
main(int argc, char **argv)
{
	fill_streams();
	// A process that ignores SIGCHLD cannot wait for the status of a child.
	signal(SIGCHLD, SIG_DFL);
	session_leave();
	if (argc > 0 && is_called_go(argv[0])) {
		return run_go(argv + 1);
	}
	if (argc < 2) {
		help_short(stderr);
		return EXIT_RCGO;
	}
	if (is_gos(argv)) {
		run_go_plain(argv + 1);
	}
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		if (strcmp(argv[1], commands[i].name) != 0) {
			continue;
		}
		if (argv[1][0] != '-' && argc > 2 && wants_help(argv[2])) {
			return finish(cmd_help(2, (char *[]){argv[2], argv[1], NULL}));
		}
		return finish(commands[i].run(argc - 1, argv + 1));
	}
	if (argv[1][0] == '-') {
		usage_error(NULL,
			"unknown flag %s: the subcommand comes first, as in `rcgo build -v`",
			argv[1]);
	}
	// Runs a subcommand of go whose name rcgo uses too.
	if (strcmp(argv[1], "go") == 0) {
		return run_go(argv + 2);
	}
	return run_go(argv + 1);
}
