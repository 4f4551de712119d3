#!/usr/bin/env bats
# rcgo heap run and show, and rcgo build --with=heap, on a program that leaks C memory of known sizes.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

setup_file() {
	cd "$BATS_TEST_DIRNAME/testdata/leaky" && env GOFLAGS= go build -o "$BATS_FILE_TMPDIR/leaky" . &&
		env GOFLAGS= go build -ldflags=-s -buildmode=pie -o "$BATS_FILE_TMPDIR/stripped" .
}

# check_lost [CALLER]: checks the leaked memory in the output of rcgo heap show. CALLER is main.main
# unless given.
check_lost() {
	[[ $output == *"2.9 MiB in 100 blocks"*"C   lose"*"Go  main.loseBig"*"Go  ${1:-main.main}"* ]]
	[[ $output == *"976.6 KiB in 1000 blocks"*"C   lose"*"Go  main.loseSmall"*"Go  ${1:-main.main}"* ]]
}

# Starts testdata/leaky with a profile, and waits until it has leaked its memory.
start_leaky() {
	start_as "$RCGO" heap run -rate all -o "$T/profile" "$BATS_FILE_TMPDIR/leaky" wait
}

# Checks the parts of the resident memory in the output of rcgo heap show: they add up, and at most a
# hundredth is of no known kind.
check_resident() {
	[[ $output == *"8.0 MiB in 1 mappings, 4.0 MiB resident"*"C   map_half_used"*"Go  main.main"* ]]
	awk '
		function mib(n, unit) { return unit == "MiB" ? n : unit == "KiB" ? n / 1024 : n / 1048576 }
		/^resident: / { all = mib($2, substr($3, 1, 3)) }
		/^ .* (B|KiB|MiB)  / { sum += mib($1, $2) }
		/anonymous mappings of C code/ { mapped = mib($1, $2) }
		/blocks in use/ { blocks = mib($1, $2) }
		/other anonymous memory/ { other = mib($1, $2) }
		/^$/ { exit }
		END {
			print all, sum, mapped, blocks, other
			# Each part is rounded to 0.1 MiB.
			exit !(all > 8 && sum - all < 0.5 && all - sum < 0.5 && mapped >= 4 && mapped < 4.2 &&
				blocks > 3.7 && other < all / 100)
		}' <<<"$output"
}

@test "heap run: a program of plain go; the file outlives it" {
	run "$RCGO" heap run -rate all -o "$T/profile" "$BATS_FILE_TMPDIR/leaky"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	run "$RCGO" heap show "$T/profile"
	[ "$status" -eq 0 ]
	check_lost
	[[ $output == *"main.go:"* ]]
	run "$RCGO" heap show -by library "$T/profile"
	[[ $output == *"3.8 MiB in"*" leaky"* ]]
}

@test "heap run: a stripped PIE, through a program without Go" {
	"$RCGO" heap run -rate all -o "$T/profile.%p" env "$BATS_FILE_TMPDIR/stripped"
	[ "$(find "$T" -name 'profile.*' | wc -l)" -eq 1 ]
	run "$RCGO" heap show "$T"/profile.*
	[ "$status" -eq 0 ]
	[[ $output == *"2.9 MiB in 100 blocks"*"Go  main.loseBig"*"Go  main.main"* ]]
}

@test "heap show: a process that runs, and after SIGKILL its file" {
	start_leaky
	run "$RCGO" heap show "$PID"
	[ "$status" -eq 0 ]
	check_lost
	check_resident
	run "$RCGO" heap show -by library "$PID"
	[[ $output == *"8.0 MiB in         1  leaky [mmap], 4.0 MiB resident"* ]]
	kill -KILL "$PID"
	wait "$PID" || true
	run "$RCGO" heap show "$T/profile"
	check_lost
	"$RCGO" heap show -pprof "$T/out.pb.gz" "$T/profile"
	run go tool pprof -top "$T/out.pb.gz"
	[[ $output == *"main.loseBig"* ]]
	run "$RCGO" heap show -folded "$T/profile"
	[[ $output == *"main.loseBig;"*" 3000000"* ]]
}

@test "build --with=heap: RCGO=heap= starts it" {
	cp -r "$HERE/testdata/leaky/." .
	"$RCGO" build --with=heap -o leaky .
	RCGO=heap=all+file:$T/profile run ./leaky
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	run "$RCGO" heap show "$T/profile"
	check_lost
	RCGO=heap=much run ./leaky
	[[ $output == *"heap= takes on, off, all, a size such as 64K, and file:PATH"* ]]
}

@test "build --with=heap: a static program" {
	unoptimized
	cp -r "$HERE/testdata/leaky/." .
	"$RCGO" build --with=heap -ldflags '-extldflags "-static"' -o leaky .
	run readelf -l leaky
	[[ $output != *INTERP* ]]
	run "$RCGO" heap run ./leaky
	[ "$status" -eq 2 ]
	[[ $output == *"it is a static program, which loads no library"* ]]
	RCGO=heap=all+file:$T/profile run ./leaky
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	run "$RCGO" heap show "$T/profile"
	check_lost
}

@test "heap: a child with the same file leaves the parent's alone" {
	start_leaky
	"$RCGO" heap run -rate all -o "$T/profile" "$BATS_FILE_TMPDIR/leaky"
	[ "$(find "$T" -name 'profile.*' | wc -l)" -eq 1 ]
	run "$RCGO" heap show "$PID"
	check_lost
	kill -KILL "$PID"
	wait "$PID" || true
	for file in "$T"/profile*; do
		run "$RCGO" heap show "$file"
		check_lost
	done
	# The file of a process that has ended is replaced; anything but a regular
	# file is left alone.
	"$RCGO" heap run -rate all -o "$T/profile" "$BATS_FILE_TMPDIR/leaky"
	[ "$(find "$T" -name 'profile.*' | wc -l)" -eq 1 ]
	mkfifo "$T/fifo"
	run "$RCGO" heap run -o "$T/fifo" "$BATS_FILE_TMPDIR/leaky"
	[ "$status" -eq 0 ]
	[[ $output == *"cannot make $T/fifo; the program runs with the profile in memory"* ]]
	[ -p "$T/fifo" ]
}

# Checks the profile of a host that called LoseInHost: the lost memory has its Go lines, and Go's memory
# does not count as mapped by C.
check_host() {
	run "$RCGO" heap show "$PID"
	check_lost main.LoseInHost
	[[ $output == "process $PID: "*"; 0 B mapped"$'\n'* ]]
	awk '/  Go: its heap/ { good = $2 == "MiB" && $1 >= 16 && $1 < 24 } END { exit !good }' <<<"$output"
	kill -KILL "$PID"
	stop_started
	run "$RCGO" heap show "$T/profile"
	check_lost main.LoseInHost
}

@test "heap run -any: a C program with a library and an archive of Go" {
	cp -r "$HERE/testdata/leaky/." .
	go build -buildmode=c-shared -o leaky.so .
	gcc -o dlopens host/host.c -ldl
	start_as "$RCGO" heap run -any -rate all -o "$T/profile" ./dlopens ./leaky.so
	check_host
	rm in out
	# Memory that our own runtime/cgo maps does not count either.
	"$RCGO" build -buildmode=c-shared -o ours.so .
	start_as "$RCGO" heap run -any -rate all -o "$T/profile" ./dlopens ./ours.so
	check_host
	rm in out
	"$RCGO" build -o ours .
	"$RCGO" heap run -rate all -o "$T/profile" ./ours
	run "$RCGO" heap show "$T/profile"
	check_lost
	[[ $output == *"; 0 B mapped"$'\n'* ]]
	go build -buildmode=c-archive -o leaky.a .
	gcc -o linked host/host.c -Wl,-u,LoseInHost leaky.a -lpthread -ldl
	start_as "$RCGO" heap run -any -rate all -o "$T/profile" ./linked
	check_host
}

@test "build --with=heap: other links" {
	unoptimized
	cp -r "$HERE/testdata/leaky/." .
	"$RCGO" build --with=heap -ldflags=-linkmode=internal -o internal .
	CC=musl-gcc "$RCGO" build --with=heap -o musl .
	CC=musl-gcc "$RCGO" build --with=heap -ldflags '-linkmode=external -extldflags "-static"' -o static .
	run readelf -l static
	[[ $output != *INTERP* ]]
	for program in internal musl static; do
		RCGO=heap=all+file:$T/$program run "./$program"
		[ "$status" -eq 0 ]
		run "$RCGO" heap show "$T/$program"
		check_lost
	done
}

@test "heap: impossible arguments are refused" {
	run "$RCGO" heap
	[ "$status" -eq 2 ]
	[[ $output == *"heap wants run or show"* ]]
	run "$RCGO" heap show "$T/nothing"
	[ "$status" -eq 2 ]
	[[ $output == *"cannot open"* ]]
	head -c 100000 /dev/urandom >"$T/noise"
	run "$RCGO" heap show "$T/noise"
	[ "$status" -eq 2 ]
	[[ $output == *"noise is not a heap profile"* ]]
	run "$RCGO" heap show -by size "$T/noise"
	[[ $output == *"-by takes library, not size"* ]]
	run "$RCGO" heap run -rate much "$BATS_FILE_TMPDIR/leaky"
	[ "$status" -eq 2 ]
	[[ $output == *"much is no rate"* ]]
	printf 'rcgo heap 1\n' | cat - "$T/noise" >"$T/old"
	run "$RCGO" heap show "$T/old"
	[ "$status" -eq 2 ]
	[[ $output == *"old is a heap profile of another version of rcgo"* ]]
	"$RCGO" heap run -rate all -o "$T/profile" "$BATS_FILE_TMPDIR/leaky"
	head -c 2000000 "$T/profile" >"$T/short"
	run "$RCGO" heap show "$T/short"
	[ "$status" -eq 2 ]
	[[ $output == *"it is shorter than its tables"* ]]
	run "$RCGO" heap show $$
	[ "$status" -eq 2 ]
	[[ $output == *"records no C memory"*"with -any if it is not a Go program"* ]]
	cp -r "$HERE/testdata/leaky/." .
	run "$RCGO" build --with=heap -buildmode=c-shared .
	[ "$status" -eq 2 ]
	[[ $output == *"--with=heap does not go with -buildmode=c-shared"* ]]
	run "$RCGO" build --with=heap --without=traceback .
	[ "$status" -eq 2 ]
}

# check_functions PROFILE: compares what testdata/allocators says in the file "said" with its profile. A 0 in what it
# says stands for any number; other words are an error that the program has found. The memory of functions that
# free theirs is gone.
check_functions() {
	"$RCGO" heap show -folded "$1" >folded
	awk '
		function wrong(what) { print what; failed = 1 }
		FNR == NR && $1 == "want" { want[$2] = $3; next }
		FNR == NR { ended = $0 == "end"; if (!ended) wrong($0); next }
		{
			line = $0
			name = ""
			while (match(line, /by_[a-z_]+|churn/)) {
				name = substr(line, RSTART, RLENGTH)
				line = substr(line, RSTART + RLENGTH)
			}
			got[name] += $NF
		}
		END {
			for (name in want)
				if (want[name] != 0 && want[name] != got[name] + 0)
					wrong(name ": want " want[name] ", got " got[name] + 0)
			if (got["churn"] + got["by_thread_local"] != 0) wrong("freed memory is in the profile")
			exit failed || !ended
		}' said folded
}

# Prints the file names of other allocators that are installed.
other_allocators() {
	/sbin/ldconfig -p | awk '/lib(jemalloc|tcmalloc_minimal|mimalloc)\.so\.[0-9]+ / { print $NF }'
}

@test "heap: each function of C and C++ that allocates, at its limits" {
	cp -r "$HERE/testdata/allocators/." .
	go build -o stock .
	go build -buildmode=pie -o pie .
	"$RCGO" build --with=heap -o ours .
	"$RCGO" build --with=heap -ldflags '-extldflags "-static"' -o static .
	for program in stock pie; do
		"$RCGO" heap run -rate all -o "$T/$program.profile" "./$program" >said
		check_functions "$T/$program.profile"
	done
	for program in ours static; do
		RCGO=heap=all+file:$T/$program.profile "./$program" >said
		check_functions "$T/$program.profile"
	done
	# Other settings of the allocator.
	GLIBC_TUNABLES=glibc.malloc.perturb=85:glibc.malloc.tcache_count=0:glibc.malloc.mmap_threshold=300 \
		"$RCGO" heap run -rate all -o "$T/tuned.profile" ./stock >said
	check_functions "$T/tuned.profile"
}

@test "heap: other allocators, preloaded and linked" {
	cp -r "$HERE/testdata/allocators/." .
	go build -o stock .
	"$RCGO" build --with=heap -o ours .
	[ -n "$(other_allocators)" ]
	for library in $(other_allocators); do
		name=$(basename "$library")
		LD_PRELOAD=$library "$RCGO" heap run -rate all -o "$T/$name.run" ./stock other >said
		check_functions "$T/$name.run"
		LD_PRELOAD=$library RCGO=heap=all+file:$T/$name.ours ./ours other >said
		check_functions "$T/$name.ours"
		CGO_LDFLAGS="-Wl,--no-as-needed $library" "$RCGO" build --with=heap -o linked .
		RCGO=heap=all+file:$T/$name.linked ./linked other >said
		check_functions "$T/$name.linked"
		# A host with this allocator frees what Go's C code has allocated, and the other way round.
		CGO_LDFLAGS="-Wl,--no-as-needed $library" go build -o linked .
		"$RCGO" heap run -rate all -o "$T/$name.host" ./linked other >said
		check_functions "$T/$name.host"
	done
	# Before our library, the other allocator has all of malloc. The program runs as without ours.
	"$RCGO" heap run -rate all -o "$T/behind" sh -c "LD_PRELOAD=$library:\$LD_PRELOAD exec ./stock other" >said 2>error
	[ "$(tail -n 1 said)" = end ]
	[[ $(cat error) == *"records mappings, but no malloc: the program or a library"* ]]
}

@test "heap: a disk that becomes full while the program runs" {
	unshare -rm true || skip "needs user namespaces"
	cp -r "$HERE/testdata/leaky/." .
	cat >fill.sh <<-'END'
		mount -t tmpfs -o size=80m tmpfs "$1" || exit
		RCGO_HEAP_FULL=$1/other "$2" heap run -rate all -o "$1/profile" "$3" || exit
		rm "$1/other"
		exec "$2" heap show "$1/profile"
	END
	mkdir disk
	run unshare -rm sh ./fill.sh "$PWD/disk" "$RCGO" "$BATS_FILE_TMPDIR/leaky"
	[ "$status" -eq 0 ]
	# What found no room is said, and the rate is raised.
	[[ $output == *"estimated from one sample for each"* ]]
	[[ $output == *"not recorded: "*" samples"* ]]
}

@test "heap: programs with a sanitizer" {
	cp -r "$HERE/testdata/leaky/." .
	CC=gcc "$RCGO" build --with=heap -asan -o ours .
	RCGO=heap=on ASAN_OPTIONS=detect_leaks=0 run ./ours
	[ "$status" -eq 0 ]
	[[ $output == *"heap profiling is off: the program is built with a sanitizer"* ]]
	run "$RCGO" heap run ./ours
	[ "$status" -eq 2 ]
	[[ $output == *"it is built with a sanitizer, which has a malloc of its own"* ]]
	"$RCGO" build --with=heap -race -o race .
	RCGO=heap=all+file:$T/profile ./race
	run "$RCGO" heap show "$T/profile"
	check_lost
}

@test "heap: no file, no memory, and files that are not what they seem" {
	# Neither a directory that is read-only, nor one that is not there, nor a limit of the address space stops the program.
	mkdir closed
	chmod 555 closed
	for path in /proc/profile /nowhere/profile /dev/full; do
		run "$RCGO" heap run -o "$path" "$BATS_FILE_TMPDIR/leaky"
		[ "$status" -eq 0 ]
		[[ $output == *"cannot make $path; the program runs with the profile in memory"* ]]
	done
	run bash -c "ulimit -f 100; '$RCGO' heap run -o '$T/profile' '$BATS_FILE_TMPDIR/leaky'"
	[ "$status" -eq 0 ]
	"$RCGO" heap run -rate all -o "$T/profile" "$BATS_FILE_TMPDIR/leaky"
	# A program that was built again has other names.
	cp "$BATS_FILE_TMPDIR/leaky" again
	"$RCGO" heap run -rate all -o "$T/profile" ./again
	run "$RCGO" heap show "$T/profile"
	[[ $output != *"is newer than"* ]]
	touch -d '+1 day' again
	run "$RCGO" heap show "$T/profile"
	[[ $output == *"again is newer than the process of this profile; its names and lines may be wrong"* ]]
	# Each change makes another profile, or an error. None ends rcgo by a signal.
	for change in 8 24 32 88 96 104 112 120 128 136 144 152 160 168 200 216 224 300 500 1000 4000; do
		for bytes in '\377\377\377\377\377\377\377\377' '\000\000\000\200\000\000\000\000' '\001'; do
			cp --sparse=always "$T/profile" "$T/changed"
			printf '%b' "${bytes//\\/\\0}" | dd of="$T/changed" bs=1 seek="$change" conv=notrunc status=none
			run timeout 60 "$RCGO" heap show -all "$T/changed"
			[ "$status" -eq 0 ] || [ "$status" -eq 2 ]
		done
	done
	run "$RCGO" heap show 99999999999999999999
	[ "$status" -eq 2 ]
}
