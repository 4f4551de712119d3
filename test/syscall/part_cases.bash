#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Hard cases of calls for all threads, as in the table of doc/system_calls.md: ours changes all
# threads, or says why not and changes none, and never hangs.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
dir=build/test/syscall

# want PROGRAM CASE PATTERN [WORD...]: what the program has to print; the words run it.
want() {
	local program=$1 case=$2 pattern=$3 said
	shift 3
	said=$(timeout -s KILL 30 "$@" "$dir/$program" ours "$case" 2>&1)
	# Where both numbers are asked for they must agree.
	if [[ $said =~ $pattern ]] && [ "${BASH_REMATCH[1]:-}" = "${BASH_REMATCH[2]:-}" ]; then
		echo "ok cases/$program/$case"
	else
		echo "not ok cases/$program/$case"
		echo "# $said"
	fi
}

if [ "$(id -u)" != 0 ]; then
	echo "ok cases # SKIP needs root, to change the user"
	exit
fi
programs='hard_cases'
command -v musl-gcc >/dev/null && programs='hard_cases hard_cases-musl'
for program in $programs; do
	if ! make -s "$dir/$program" >/dev/null 2>&1; then
		echo "not ok cases/$program: does not build"
		continue
	fi
	for case in plain vfork rival spawning fork stopped; do
		want "$program" "$case" '^success, .* ([0-9]+) of ([0-9]+) threads' env
	done
	# The thread that has ended, and the kernel's own, have an entry and no identity to change.
	want "$program" main '^success, .* 8 of 9 threads' env
	want "$program" iouring '^success, .* 8 of 9 threads|^no io_uring' env
	want "$program" blocked 'busy, .* 0 of 9 threads' env
	want "$program" pending '^success, .* 8 of 8 threads' \
		setpriv --bounding-set -sys_resource --inh-caps -sys_resource
done
