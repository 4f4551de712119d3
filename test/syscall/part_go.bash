#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Go's own tests of calls for all threads, which it skips in programs with C in them: with
# --with=syscall they have to run and pass, as root and as nobody.
# usage: test/syscall/part_go.bash [-all]
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
rcgo=$PWD/bin/rcgo
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

calls='TestAllThreadsSyscall TestAllThreadsSyscallError TestAllThreadsSyscallBlockedSyscall'

# want NAME LOG TEST...: that each of these ran and passed.
want() {
	local name=$1 log=$2 one
	shift 2
	for one; do
		if grep -q -e "^--- PASS: $one (" "$log"; then
			echo "ok $name/$one"
		else
			echo "not ok $name/$one"
			grep -A3 -e "--- [A-Z]*: $one (" -e '^panic' -e '^fatal' "$log" | head -20 | sed 's/^/# /'
		fi
	done
}

# run_tests USER PROGRAM TEST...: USER is root or nobody. The log is in $work/log.
run_tests() {
	local user=$1 program=$2 as=()
	shift 2
	if [ "$user" = nobody ] && [ "$(id -u)" = 0 ]; then
		as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	fi
	(cd "$work" && timeout 120 ${as[@]+"${as[@]}"} "$program" -test.v -test.count=3 \
		-test.run="^($(tr ' ' '|' <<<"$*"))\$") >"$work/log" 2>&1
}

# build GO DIR PACKAGE NAME FLAGS...
build() {
	local go=$1 dir=$2 package=$3 name=$4
	shift 4
	# Vet of old Go looks for files of an overlay where they are not.
	if ! (cd "$dir" && RCGO_GO=$go GOTOOLCHAIN=local CGO_ENABLED=1 nice "$rcgo" test -vet=off \
		"$@" -c -o "$work/$name" "$package") >"$work/log" 2>&1; then
		echo "not ok $name: does not build"
		head -20 "$work/log" | sed 's/^/# /'
		return 1
	fi
	chmod 755 "$work/$name"
}

# One Go: GOROOT.
test_go() {
	local root=$1 go=$1/bin/go version src user users=(nobody)
	version=$("$go" env GOVERSION)
	[ "$(id -u)" = 0 ] && users=(root nobody)
	src=$root/src/cmd/cgo/internal/test
	[ -d "$src" ] || src=$root/misc/cgo/test
	build "$go" "$root/src" syscall syscall.test --with=syscall || return
	build "$go" "$root/src" os/signal signal.test --with=syscall || return
	build "$go" "$src" . cgo.test || return
	for user in "${users[@]}"; do
		# shellcheck disable=SC2086
		run_tests "$user" "$work/syscall.test" $calls TestSetuidEtc
		# shellcheck disable=SC2086
		want "$version/$user" "$work/log" $calls
		# Of others than root Go wants nothing here.
		[ "$user" = root ] && want "$version/$user" "$work/log" TestSetuidEtc
		run_tests "$user" "$work/signal.test" TestAllThreadsSyscallSignals
		want "$version/$user" "$work/log" TestAllThreadsSyscallSignals
		run_tests "$user" "$work/cgo.test" TestSetgid TestSetgidStress
		want "$version/$user" "$work/log" TestSetgidStress
	done
	# Without --with=syscall they are skipped, as with stock: else the above would show nothing.
	build "$go" "$root/src" syscall plain.test || return
	run_tests root "$work/plain.test" TestAllThreadsSyscall
	if grep -q -e '^--- SKIP: TestAllThreadsSyscall (' "$work/log"; then
		echo "ok $version/without"
	else
		echo "not ok $version/without: TestAllThreadsSyscall was not skipped"
	fi
}

if [ "${1:-}" = -all ]; then
	for root in $(tools/toolchains list --minor); do
		test_go "$root"
	done
else
	test_go "$(go env GOROOT)"
fi
