// SPDX-License-Identifier: BSD-3-Clause
// The agent of a test machine: process 1 of the guest after /init. It runs the command files that
// the host puts into a shared directory, and writes what they print and how they end beside them.
//
// usage: agent DIRECTORY
// NAME.SECONDS.cmd is a script for /bin/sh. The agent renames it to NAME.run, starts it in a
// session of its own with default signal actions, and kills the session's process group after
// SECONDS. It writes NAME.out and NAME.err, then NAME.rc: the exit status, or 128 and the signal's
// number. A file "poweroff" ends the guest.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_JOBS = 64, NAME_SIZE = 128, PATH_SIZE = NAME_SIZE + 16 };

static struct job {
	pid_t pid; // 0: free
	time_t deadline;
	char name[NAME_SIZE];
} jobs[MAX_JOBS];

static time_t
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static void
redirect(int fd, const char *path, int flags)
{
	int file = open(path, flags, 0644);

	if (file < 0 || dup2(file, fd) < 0) {
		_exit(126);
	}
	if (file != fd) {
		close(file);
	}
}

static void
exec_job(const char *name)
{
	char path[PATH_SIZE];
	sigset_t none;

	setsid();
	for (int sig = 1; sig < NSIG; sig++) {
		signal(sig, SIG_DFL);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	redirect(0, "/dev/null", O_RDONLY);
	snprintf(path, sizeof path, "%s.out", name);
	redirect(1, path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND);
	snprintf(path, sizeof path, "%s.err", name);
	redirect(2, path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND);
	snprintf(path, sizeof path, "%s.run", name);
	execl("/bin/sh", "sh", path, (char *)NULL);
	_exit(127);
}

// Starts the script NAME.SECONDS.cmd.
static void
start_job(struct job *job, const char *file)
{
	char script[PATH_SIZE];
	const char *dot = strchr(file, '.');
	int seconds = atoi(dot + 1);

	snprintf(job->name, sizeof job->name, "%.*s", (int)(dot - file), file);
	snprintf(script, sizeof script, "%s.run", job->name);
	if (rename(file, script) != 0) {
		return;
	}
	job->deadline = now() + seconds;
	job->pid = fork();
	if (job->pid == 0) {
		exec_job(job->name);
	}
}

static void
write_status(const struct job *job, int status)
{
	char path[PATH_SIZE];
	char part[PATH_SIZE];
	FILE *f;

	snprintf(part, sizeof part, "%s.part", job->name);
	snprintf(path, sizeof path, "%s.rc", job->name);
	f = fopen(part, "w");
	if (f != NULL) {
		fprintf(f, "%d\n",
			WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
		fclose(f);
		rename(part, path);
	}
}

static void
reap_jobs(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < MAX_JOBS; i++) {
			if (jobs[i].pid == pid) {
				write_status(&jobs[i], status);
				jobs[i].pid = 0;
			}
		}
	}
	for (size_t i = 0; i < MAX_JOBS; i++) {
		if (jobs[i].pid != 0 && now() > jobs[i].deadline) {
			kill(-jobs[i].pid, SIGKILL);
		}
	}
}

static void
look_for_commands(void)
{
	DIR *dir = opendir(".");
	struct dirent *entry;

	if (dir == NULL) {
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (strcmp(entry->d_name, "poweroff") == 0) {
			unlink("poweroff");
			sync();
			reboot(RB_POWER_OFF);
		}
		if (len < 5 || len >= NAME_SIZE || strcmp(entry->d_name + len - 4, ".cmd") != 0) {
			continue;
		}
		for (size_t i = 0; i < MAX_JOBS; i++) {
			if (jobs[i].pid == 0) {
				start_job(&jobs[i], entry->d_name);
				break;
			}
		}
	}
	closedir(dir);
}

int
main(int argc, char **argv)
{
	if (argc != 2 || chdir(argv[1]) != 0) {
		perror("agent");
		return 1;
	}
	close(open("ready", O_WRONLY | O_CREAT, 0644));
	for (;;) {
		look_for_commands();
		reap_jobs();
		usleep(50000);
	}
}
