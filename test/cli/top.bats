#!/usr/bin/env bats
# rcgo top: its output for a running program, and the arguments that it refuses.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

# waiting: writes a program with a C thread that is in Go. It prints a line when it is ready, and
# ends when its input ends.
waiting() {
	cat >go.mod <<'END'
module waiting

go 1.19
END
	cat >main.go <<'END'
package main

/*
#cgo LDFLAGS: -lpthread
#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

extern void called(void);

static void *
wait_in_c(void *unused)
{
	while (1) {
		pause();
	}
	return unused;
}

static void *
other(void *unused)
{
	prctl(PR_SET_NAME, "other (of C)");
	for (int i = 0; i < 5; i++) {
		called();
	}
	return wait_in_c(unused);
}

static volatile int spinning;

static void *
spin_in_c(void *unused)
{
	while (spinning) {
	}
	return unused;
}

static void
start(void)
{
	pthread_t t;

	pthread_create(&t, 0, other, 0);
	for (int i = 0; getenv("MANY") != 0 && i < 8; i++) {
		pthread_create(&t, 0, wait_in_c, 0);
	}
	if (getenv("SPIN") != 0) {
		spinning = 1;
		pthread_create(&t, 0, spin_in_c, 0);
	}
}
*/
import "C"

import (
	"fmt"
	"os"
)

var calls = make(chan bool)

//export called
func called() { calls <- true }

func main() {
	C.start()
	for i := 0; i < 5; i++ {
		<-calls
	}
	fmt.Println("ready")
	os.Stdin.Read(make([]byte, 1))
}
END
}

# start_waiting COMMAND...: builds the program with the command, starts it with OPTIONS in its
# environment, and sets PID.
start_waiting() { # COMMAND...
	waiting
	"$@" build -o waiting . || return 1
	start_as env ${OPTIONS:+"$OPTIONS"} ./waiting
}

@test "top: the threads and the counters of a program" {
	OPTIONS=RCGO=names=on start_waiting "$RCGO"
	run "$RCGO" top "$PID"
	[ "$status" = 0 ]
	[[ $output == *"process $PID: "*" threads"* ]]
	[[ $output == *"C to Go: not counted"* ]]
	[[ $output =~ $PID\ \ waiting\ +main ]]
	[[ $output =~ go:[0-9]+\ +go\ +[SR] ]]
	# The thread may still be on its way to the place where it waits.
	for i in {1..200}; do
		run "$RCGO" top "$PID"
		! [[ $output =~ other\ \(of\ C\)\ +c\ +S[-\ .0-9]+c ]] || break
		sleep 0.05
	done
	[ "$i" -lt 200 ]
	stop_started
}

@test "top: JSON, a number of reports, and calls if they are counted" {
	OPTIONS=RCGO=stats=on,names=on start_waiting "$RCGO"
	run "$RCGO" top -json -n 3 -d 0.01 "$PID"
	[ "$status" = 0 ]
	[ "${#lines[@]}" = 3 ]
	for line in "${lines[@]}"; do
		jq -e --arg pid "$PID" '.pid == ($pid | tonumber) and .callbacks == 5
			and .threads_running >= 1 and .threads_started >= .threads_running
			and ([.threads[] | select(.kind == "main")] | length) == 1
			and ([.threads[] | select(.kind == "go")] | length) == .threads_running' <<<"$line"
	done
	stop_started
}

@test "top: ends with the process" {
	start_waiting "$RCGO"
	"$RCGO" top -json -n 1000 -d 0.05 "$PID" >seen 8>&- 9<&- &
	local top=$!
	while ! [ -s seen ]; do sleep 0.05; done
	stop_started
	wait "$top"
}

@test "top: a program of plain go, and one without Go, are refused" {
	start_waiting go
	run "$RCGO" top "$PID"
	[ "$status" = 2 ]
	[[ $output == *"process $PID (waiting) has no counters of ours"*"rcgo build"* ]]
	stop_started
	sleep 60 &
	run "$RCGO" top "$!"
	[ "$status" = 2 ]
	[[ $output == *"process $! (sleep) has no counters of ours"* ]]
	kill "$!"
}

@test "top: no process, a thread, no number" {
	run "$RCGO" top 2147483600
	[ "$status" = 2 ]
	[[ $output == *"there is no process 2147483600"* ]]
	start_waiting "$RCGO"
	local tid
	tid=$(ls "/proc/$PID/task" | tail -n 1)
	run "$RCGO" top "$tid"
	[ "$status" = 2 ]
	[[ $output == *"$tid is a thread, of process $PID"*"rcgo top $PID"* ]]
	stop_started
	for words in "" "x" "0" "-1" "1 2" "-n 0 1" "-d x 1" "-q 1" "-s size 1"; do
		# shellcheck disable=SC2086 # words
		run "$RCGO" top $words
		[ "$status" = 2 ]
		[[ $output == *"rcgo help top"* ]]
	done
}

@test "top: another user's process is refused by name" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	start_waiting "$RCGO"
	cp "$RCGO" "$T/rcgo" && chmod 755 "$T" "$T/rcgo"
	run setpriv --reuid 65534 --clear-groups "$T/rcgo" top "$PID"
	[ "$status" = 2 ]
	[[ $output == *"process $PID (waiting) belongs to root"*"sudo rcgo top $PID"* ]]
	stop_started
}

# on_screen ROWS COLUMNS STEP...: runs rcgo top on the process in a terminal, see testdata/pty.
on_screen() {
	(cd "$HERE/testdata/pty" && CGO_ENABLED=0 go build -o "$T/pty" .)
	run "$T/pty" "$@" -- "$RCGO" top -d 0.2 "$PID" 8>&- 9<&-
	echo "$output"
	[ "$status" = 0 ]
}

@test "top: a screen of 80 by 24, with keys" {
	OPTIONS=RCGO=names=on start_waiting "$RCGO"
	on_screen 24 80 has="process $PID: " has="TID  NAME" has=", by cpu " key=s has=", by time " \
		'key=\033[C' has=", by tid " 'key=\033[D' has=", by time " key=S has=", by cpu " \
		key=r has="by cpu reversed" key=r lacks=reversed size=8x40 lacks=NAME has="$PID" \
		size=24x80 has="TID  NAME" key=q end
	stop_started
}

@test "top: a screen of 40 by 8 scrolls" {
	OPTIONS=MANY=1 start_waiting "$RCGO"
	# Two lines above and one below leave five lines for threads.
	on_screen 8 40 has="process $PID: " has=" by cpu" key=s key=s has="1-5 of " has=" by tid" \
		'key=\033[B' has="2-6 of " lacks="$PID S" 'key=\033[A' has="1-5 of " has="$PID S" \
		'key=\033[6~' lacks="1-5 of" 'key=\033[5~\033[5~\033[5~' has="1-5 of " key=q end
	stop_started
}

@test "top: ^C ends it and restores the terminal" {
	start_waiting "$RCGO"
	(cd "$HERE/testdata/pty" && CGO_ENABLED=0 go build -o "$T/pty" .)
	run "$T/pty" 24 80 has="process $PID: " 'key=\x03' has=ended:130 end -- \
		sh -c "trap : INT; '$RCGO' top $PID; echo ended:\$?" 8>&- 9<&-
	echo "$output"
	[ "$status" = 0 ]
	stop_started
}

@test "top: the process ends while the screen is shown" {
	start_waiting "$RCGO"
	(cd "$HERE/testdata/pty" && CGO_ENABLED=0 go build -o "$T/pty" .)
	"$T/pty" 24 80 has="process $PID: " touch="$T/seen" end -- "$RCGO" top "$PID" 8>&- 9<&- &
	local top=$!
	while ! [ -e "$T/seen" ]; do sleep 0.05; done
	stop_started
	wait "$top"
}

@test "top: the C function of a thread that runs, and the orders" {
	OPTIONS=SPIN=1 start_waiting "$RCGO"
	# Repeats until a sample finds the thread on a processor.
	for i in {1..200}; do
		run "$RCGO" top -s function "$PID"
		[ "$status" = 0 ]
		[[ $output != *" c   spin_in_c"* ]] || break
		sleep 0.05
	done
	[ "$i" -lt 200 ]
	run "$RCGO" top -no-stop "$PID"
	[ "$status" = 0 ]
	lacks spin_in_c
	for order in tid name; do
		run "$RCGO" top -s "$order" "$PID"
		column=$([ "$order" = tid ] && echo 1 || echo 2)
		sorted=$(tail -n +7 <<<"$output" | awk -v c="$column" '{ print $c }')
		if [ "$order" = tid ]; then
			[ "$sorted" = "$(sort -n <<<"$sorted")" ]
		else
			[ "$sorted" = "$(LC_ALL=C sort <<<"$sorted")" ]
		fi
	done
	stop_started
}
