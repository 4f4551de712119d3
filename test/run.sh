#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs all suites, two at a time, and ends with one line: N passed, N failed, N skipped. Failed tests
# are printed with what they said; whole logs are in build/test/logs. Run it by `make test`.
# usage: test/run.sh [SUITE...]    all, or these alone: each is a folder of test/ with a program run
set -u

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
logs=build/test/logs
mkdir -p "$logs"

# Prints the command of a suite; nothing when it has none here.
suite_command() {
	case $1 in
	unit | unwind | symbolize | checks | cli | integration | differential | syscall | companion | stress)
		[ -x "test/$1/run" ] && echo "test/$1/run"
		;;
	upstream) [ -e test/upstream/upstream.mk ] && echo make --no-print-directory conformance-short ;;
	esac
}

run_suite() {
	local start=$SECONDS status command
	read -ra command <<<"$(suite_command "$1")"
	"${command[@]}" >"$logs/$1.log" 2>&1 </dev/null
	status=$?
	echo "$status $((SECONDS - start))" >"$logs/$1.status"
}

# Prints each failed test with the comments that follow it.
show_failures() {
	awk '
		/^not ok/ && !/# *[Ss][Kk][Ii][Pp]/ { show = 60; print; next }
		/^ok|^not ok|^1\.\./ { show = 0 }
		show > 0 { show--; print "    " $0 }' "$1"
}

passed=0 failed=0 skipped=0

# Adds up what a suite printed. One that printed fewer results than it had planned, or none, or that
# failed without saying why, is one more failure.
count_suite() {
	local name=$1 log=$logs/$1.log status seconds good bad skip plan
	read -r status seconds <"$logs/$name.status"
	skip=$(grep -Eci '^(not )?ok\b.*# *skip' "$log")
	good=$(($(grep -Ec '^ok\b' "$log") - $(grep -Eci '^ok\b.*# *skip' "$log")))
	bad=$(($(grep -Ec '^not ok\b' "$log") - $(grep -Eci '^not ok\b.*# *skip' "$log")))
	plan=$(awk '/^1\.\.[0-9]+/ { sub(/^1\.\./, ""); n += $1 } END { print n + 0 }' "$log")
	show_failures "$log"
	if [ $((good + bad + skip)) -lt "$plan" ] || [ $((good + bad + skip)) -eq 0 ] ||
		{ [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; }; then
		echo "not ok $name: exit status $status, $((good + bad + skip)) results of $plan planned"
		tail -n 30 "$log" | sed 's/^/    /'
		bad=$((bad + 1))
	fi
	echo "# $name: $good passed, $bad failed, $skip skipped in $seconds s ($log)"
	passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skip))
}

suites=()
for suite in "${@:-unit unwind symbolize checks cli integration differential syscall companion stress upstream}"; do
	for name in $suite; do
		if [ -n "$(suite_command "$name")" ]; then
			suites+=("$name")
		elif [ $# -gt 0 ]; then
			echo "test/run.sh: no suite $name here" >&2
			exit 2
		fi
	done
done

running=0
for suite in "${suites[@]}"; do
	if [ "$running" -ge 2 ]; then
		wait -n
		running=$((running - 1))
	fi
	rm -f "$logs/$suite.status"
	run_suite "$suite" &
	running=$((running + 1))
done
wait

for suite in "${suites[@]}"; do
	count_suite "$suite"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
