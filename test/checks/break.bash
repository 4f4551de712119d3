# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What the cases call to break a rule in a copy of the tree. checks_test.go sources it.

# shellcheck disable=SC2034 # the cases use these
safe='// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none'
# shellcheck disable=SC2034
text=backtrace/util/strbuf.c textc=strbuf.c header=backtrace/util/strbuf.h
# shellcheck disable=SC2034
heap=runtime/heap/heap_slot_linux.c

# The files of a copy are links to those of the first one: a file is changed by a new file in its place.

# append FILE TEXT appends the text, add a line.
append() {
	cp -p "$1" "$1.new"
	printf '%s' "$2" >>"$1.new"
	mv -f "$1.new" "$1"
}
add() { append "$1" "$2"$'\n'; }

# sub FILE REGEX TEXT replaces in each line; it fails if nothing changes.
sub() {
	cp -p "$1" "$1.new"
	sed -E "s@$2@$3@" "$1" >"$1.new"
	! cmp -s "$1" "$1.new" && mv -f "$1.new" "$1"
}

# without TOOL: the check runs on a machine that lacks the tool.
without() {
	local dirs
	mkdir .path
	IFS=: read -ra dirs <<<"$PATH"
	for dir in "${dirs[@]}"; do ln -s "$dir"/* .path/ 2>/dev/null || true; done
	rm ".path/$1"
}

# lines N TEXT prints N lines.
lines() { for ((i = 0; i < $1; i++)); do echo "$2"; done; }
