#!/usr/bin/env bats
# The cache of our sources: its directory, its permissions, and its behaviour when the disk is full.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

# source_of NAME: prints the file by which the overlay of the last run replaces NAME.
source_of() {
	"$RCGO" overlay | sed -n 's/.*": "\(\/.*\/gcc_rcgo_amd64\.S\)".*/\1/p'
}

@test "the first run fills the cache, readable by its owner alone" {
	fake_go
	umask 0
	run "$RCGO" build
	[ "$status" -eq 0 ]
	has "GOFLAGS=-overlay=$CACHE/overlay-"
	[ "$(stat -c %a "$CACHE")" = 700 ]
	[ -z "$(find "$CACHE" -type f ! -perm 600)" ]
	[ -z "$(find "$CACHE" -type d ! -perm 700)" ]
	[ -s "$(source_of)" ]
}

@test "every file that the overlay names is there" {
	fake_go
	n=0
	for f in $("$RCGO" overlay | sed -n 's/.*": "\(\/.*\)",*$/\1/p'); do
		case $f in
		"$T/goroot") continue ;;
		esac
		[ -s "$f" ]
		n=$((n + 1))
	done
	[ "$n" -ge 3 ]
}

@test "where: RCGO_CACHE, XDG_CACHE_HOME, HOME" {
	fake_go
	[ "$(RCGO_CACHE=$T/a XDG_CACHE_HOME=$T/b "$RCGO" overlay -p | sed 's/overlay-.*//')" = "$T/a/" ]
	[ "$(XDG_CACHE_HOME=$T/b "$RCGO" overlay -p | sed 's/overlay-.*//')" = "$T/b/rcgo/" ]
	[ "$(XDG_CACHE_HOME=relative "$RCGO" overlay -p | sed 's/overlay-.*//')" = "$CACHE/" ]
	RCGO_CACHE=rel run "$RCGO" overlay -p
	says_first "rcgo: RCGO_CACHE=rel is not an absolute path"
}

@test "HOME unset: a private directory in TMPDIR" {
	fake_go
	run env -u HOME "$RCGO" overlay -p
	[ "$status" -eq 0 ]
	has "$T/tmp/rcgo-$(id -u)/overlay-"
	[ "$(stat -c %a "$T/tmp/rcgo-$(id -u)")" = 700 ]
}

# put_right: the next run restores the source of the last run after each kind of damage.
put_right() {
	f=$(source_of)
	sum=$(cksum <"$f")
	echo '#error tampered' >>"$f"
	"$RCGO" build >/dev/null
	[ "$(cksum <"$f")" = "$sum" ]
	printf x | dd of="$f" conv=notrunc 2>/dev/null # the same size
	"$RCGO" build >/dev/null
	[ "$(cksum <"$f")" = "$sum" ]
	: >"$f"
	"$RCGO" build >/dev/null
	[ "$(cksum <"$f")" = "$sum" ]
	rm "$f"
	"$RCGO" build >/dev/null
	[ "$(cksum <"$f")" = "$sum" ]
	cp "$f" "$T/elsewhere"
	ln -sf "$T/elsewhere" "$f"
	"$RCGO" build >/dev/null
	[ ! -L "$f" ]
	chmod 666 "$f"
	"$RCGO" build >/dev/null
	[ "$(stat -c %a "$f")" = 600 ]
}

@test "modified, truncated, lost, swapped and writable files are restored" {
	fake_go
	put_right
	o=$("$RCGO" overlay -p)
	echo '{}' >"$o"
	"$RCGO" build >/dev/null
	grep -q Replace "$o"
}

@test "the same when a stamp declares the cache verified; it does so for files that are some seconds old" {
	fake_go
	"$RCGO" build >/dev/null
	[ -z "$(find "$CACHE" -name stamp)" ]
	sleep 4
	"$RCGO" build >/dev/null
	[ -s "$(find "$CACHE" -name stamp)" ]
	put_right
	if command -v strace >/dev/null; then
		sleep 4
		"$RCGO" build >/dev/null
		strace -f -e trace=open,openat -o "$T/trace" "$RCGO" build >/dev/null
		run cat "$T/trace"
		has "/stamp"
		lacks "rcgo_core_linux.c"
	fi
}

@test "no intact file is written again" {
	fake_go
	"$RCGO" build >/dev/null
	find "$CACHE" -type f ! -name stamp -printf '%p %i %T@\n' | sort >"$T/before"
	"$RCGO" build >/dev/null
	find "$CACHE" -type f ! -name stamp -printf '%p %i %T@\n' | sort >"$T/after"
	cmp "$T/before" "$T/after"
}

@test "a cache that cannot be made: TMPDIR instead" {
	fake_go
	: >"$T/file"
	RCGO_CACHE=$T/file/cache run "$RCGO" overlay -p
	[ "$status" -eq 0 ]
	has "$T/tmp/rcgo-$(id -u)/overlay-"
}

@test "a read-only cache: TMPDIR instead" {
	fake_go
	mkdir "$T/ro"
	in_namespace "mount -t tmpfs -o ro none '$T/ro' && RCGO_CACHE='$T/ro' '$RCGO' overlay -p" >"$T/out"
	run cat "$T/out"
	has "$T/tmp/rcgo-$(id -u)/overlay-"
}

@test "a full cache: TMPDIR instead" {
	fake_go
	mkdir "$T/full"
	in_namespace "mount -t tmpfs -o size=8k,mode=700 none '$T/full' && RCGO_CACHE='$T/full' '$RCGO' overlay -p" >"$T/out"
	run cat "$T/out"
	has "$T/tmp/rcgo-$(id -u)/overlay-"
}

@test "a cache that fills up between sources and overlay: TMPDIR for the overlay" {
	fake_go
	"$RCGO" overlay >/dev/null
	mkdir "$T/full"
	in_namespace "mount -t tmpfs -o size=8m,mode=700 none '$T/full' && cp -a '$CACHE'/src-* '$T/full' &&
		{ head -c 9m /dev/zero >'$T/full/ballast' 2>/dev/null || true; } &&
		RCGO_CACHE='$T/full' '$RCGO' overlay -p" >"$T/out"
	run cat "$T/out"
	has "$T/tmp/rcgo-$(id -u)/overlay-"
}

@test "a limit on the size of files is an error, not a signal" {
	fake_go
	run sh -c "ulimit -f 1; '$RCGO' overlay -p"
	[ "$status" -eq 2 ]
	has "File too large"
	has "set RCGO_CACHE to a directory that you own"
}

@test "no usable directory: the message names both, the cause, and what to do" {
	fake_go
	: >"$T/file"
	RCGO_CACHE=$T/file/cache TMPDIR=$T/nothing run "$RCGO" build
	says_first "rcgo: no place to keep our sources: $T/file/cache: Not a directory; $T/nothing/rcgo-$(id -u): No such file or directory"
	has "set RCGO_CACHE to a directory that you own"
}

@test "a cache that others may write to is not trusted" {
	fake_go
	mkdir -m 777 "$T/open"
	RCGO_CACHE=$T/open run "$RCGO" overlay -p
	[ "$status" -eq 0 ]
	has "rcgo: note: RCGO_CACHE: $T/open: other users may write there (mode 0777); our files are in $T/tmp/rcgo-"
	has "$T/tmp/rcgo-$(id -u)/overlay-"
	mkdir -m 777 "$T/world"
	mkdir -m 700 "$T/world/cache"
	RCGO_CACHE=$T/world/cache run "$RCGO" overlay -p
	has "$T/tmp/rcgo-"
}

@test "a cache below a directory that others of a group may write to is not trusted" {
	[ "$(id -u)" = 0 ] || skip "not root"
	fake_go
	mkdir -m 775 "$T/shared"
	chgrp users "$T/shared" 2>/dev/null || skip "no group users"
	RCGO_CACHE=$T/shared/c run "$RCGO" overlay -p
	[ "$status" -eq 0 ]
	has "$T/tmp/rcgo-0/overlay-"
}

@test "a link that the user made to the cache is followed, and what it leads to is checked" {
	fake_go
	mkdir -p "$T/disk/rcgo" "$T/home/.cache"
	ln -s "$T/disk/rcgo" "$T/home/.cache/rcgo"
	run "$RCGO" overlay -p
	has "$CACHE/overlay-"
	chmod 777 "$T/disk"
	run "$RCGO" overlay -p
	has "$T/tmp/rcgo-"
}

@test "the private directory must be ours and no link" {
	fake_go
	mkdir "$T/target"
	ln -s "$T/target" "$T/tmp/rcgo-$(id -u)"
	run env -u HOME "$RCGO" build
	says_first "rcgo: no place to keep our sources: HOME is not set, so there is no cache directory; $T/tmp/rcgo-$(id -u): not a directory"
	rm "$T/tmp/rcgo-$(id -u)"
	mkdir -m 777 "$T/tmp/rcgo-$(id -u)"
	run env -u HOME "$RCGO" build
	[ "$status" -eq 2 ]
	has "other users may write there (mode 0777)"
}

@test "two users never share or trust each other's files" {
	[ "$(id -u)" -eq 0 ] || skip "only root can be two users"
	fake_go
	chmod 755 "$T"
	chmod 1777 "$T/tmp"
	cp "$RCGO" "$T/bin/rcgo"
	mine=$("$T/bin/rcgo" overlay -p)
	run runuser -u nobody -- env HOME=/nonexistent "$T/bin/rcgo" overlay -p
	[ "$status" -eq 0 ]
	has "$T/tmp/rcgo-$(id -u nobody)/overlay-"
	[ "$(stat -c %U "$output")" = nobody ]
	# The cache of the other user is refused, although its content is right.
	RCGO_CACHE=$T/tmp/rcgo-$(id -u nobody) run "$T/bin/rcgo" overlay -p
	has "$T/tmp/rcgo-0/overlay-"
	# Our cache, used by the other user.
	chmod 755 "$T/home" "$T/home/.cache"
	RCGO_CACHE=${mine%/*} run runuser -u nobody -- "$T/bin/rcgo" overlay -p
	has "$T/tmp/rcgo-$(id -u nobody)/overlay-"
	# A directory that the other user made for us in a world-writable directory.
	rm -r "$T/tmp/rcgo-0"
	runuser -u nobody -- mkdir "$T/tmp/rcgo-0"
	run env -u HOME "$T/bin/rcgo" overlay -p
	[ "$status" -eq 2 ]
	has "$T/tmp/rcgo-0: owned by another user (uid $(id -u nobody))"
}

@test "sudo with the caller's HOME leaves no file of root there" {
	[ "$(id -u)" -eq 0 ] || skip "only root can be two users"
	fake_go
	mkdir -p "$T/home/.cache/rcgo"
	chown -R nobody "$T/home"
	run "$RCGO" overlay -p
	[ "$status" -eq 0 ]
	has "$T/tmp/rcgo-0/overlay-"
	[ -z "$(find "$T/home" -user root)" ]
}

@test "20 at once from a cold cache" {
	fake_go
	for i in $(seq 20); do
		"$RCGO" overlay -p >"$T/out.$i" 2>"$T/err.$i" &
	done
	wait
	[ "$(cat "$T"/out.* | sort | uniq -c | sed 's/ *\([0-9]*\) .*/\1/')" = 20 ]
	[ -z "$(cat "$T"/err.*)" ]
	# No process left a partial file.
	[ -z "$(find "$CACHE" -name '*.??????' ! -name '*.json')" ]
}
