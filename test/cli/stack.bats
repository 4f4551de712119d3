#!/usr/bin/env bats
# rcgo stack and rcgo record on programs whose stacks alternate between C and Go.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

# start_mixed [ARG]: starts testdata/mixed, built by $BUILD, and sets PID. With an argument, no
# thread spins, and a thread waits for a mutex.
start_mixed() {
	if [ -n "${BUILD:-}" ]; then
		cp -r "$HERE/testdata/mixed/." .
		# shellcheck disable=SC2086 # several words
		$BUILD -o mixed . || return 1
	else
		cp "$BATS_FILE_TMPDIR/mixed" .
	fi
	start_as ./mixed "$@"
}

setup_file() {
	cd "$BATS_TEST_DIRNAME/testdata/mixed" && env GOFLAGS= go build -o "$BATS_FILE_TMPDIR/mixed" .
}

# check_mixed: checks the stacks of testdata/mixed, as text.
check_mixed() {
	in_order "$output" c_nested main._Cfunc_c_nested main.goNested goNested c_nested \
		main._Cfunc_c_nested main.goNested goNested c_nested main._Cfunc_c_nested \
		main.goNestedCaller
	in_order "$output" wait_forever c_leaf main._Cfunc_c_leaf main.goFromThread goFromThread \
		c_thread start_thread
	in_order "$output" wait_forever plain_thread start_thread
	[[ $output != *"may be missing"* ]]
}

@test "stack: C, Go and C again are on one stack, of a program built with stock Go" {
	start_mixed
	run "$RCGO" stack "$PID"
	[ "$status" = 0 ]
	[[ ${lines[0]} == "process $PID mixed (Go "*" threads, 7 goroutines; "* ]]
	check_mixed
	in_order "$output" c_spin main._Cfunc_c_spin
	stop_started
}

@test "stack: C, Go and C again are on one stack, of a program built with rcgo" {
	BUILD="$RCGO build" start_mixed
	run "$RCGO" stack "$PID"
	[ "$status" = 0 ]
	check_mixed
	run "$RCGO" top "$PID"
	[ "$status" = 0 ]
	[[ $output == *"wait_forever, from main.goNested"* ]]
	stop_started
}

@test "stack: a stripped program that may lie anywhere" {
	BUILD="go build -buildmode=pie -ldflags=-s" start_mixed
	run "$RCGO" stack "$PID"
	[ "$status" = 0 ]
	[[ ${lines[0]} == *", stripped)"* ]]
	in_order "$output" main._Cfunc_c_nested main.goNested main._Cfunc_c_nested main.goNestedCaller
	[[ $output != *"may be missing"* ]]
	stop_started
}

# check_bare: checks the stacks of a stripped testdata/mixed: of C there are no names.
check_bare() {
	[[ ${lines[0]} == *"(Go "*", stripped)"* && $output != *"may be missing"* ]]
	in_order "$output" mixed+0x main._Cfunc_c_nested main.goNested mixed+0x main._Cfunc_c_nested \
		main.goNested mixed+0x main._Cfunc_c_nested main.goNestedCaller
	in_order "$output" "chan receive"
}

# remove_section_headers FILE: e_shoff, e_shentsize, e_shnum, e_shstrndx
remove_section_headers() {
	head -c 8 /dev/zero | dd of="$1" bs=1 seek=40 conv=notrunc status=none
	head -c 6 /dev/zero | dd of="$1" bs=1 seek=58 conv=notrunc status=none
}

@test "stack: a static program with musl, whose functions have no unwind information" {
	command -v musl-gcc >/dev/null || skip "no musl-gcc"
	export CC=musl-gcc
	cp -r "$HERE/testdata/mixed/." .
	go build '-ldflags=-linkmode external -extldflags -static' -o mixed .
	start_as ./mixed wait
	run "$RCGO" stack "$PID"
	[ "$status" = 0 ]
	in_order "$output" read wait_forever c_nested main._Cfunc_c_nested main.goNested goNested c_nested \
		main._Cfunc_c_nested main.goNested goNested c_nested main._Cfunc_c_nested main.goNestedCaller
	in_order "$output" wait_forever c_leaf main._Cfunc_c_leaf main.goFromThread goFromThread c_thread start
	in_order "$output" wait_forever plain_thread start
	in_order "$output" "waits for mutex" timedwait second_thread start
	[[ $output != *"may be missing"* ]]
	stop_started
	strip mixed
	remove_section_headers mixed
	rm in out
	start_as ./mixed wait
	run "$RCGO" stack "$PID"
	check_bare
	stop_started
}

@test "stack: a core of a static program with musl" {
	command -v musl-gcc >/dev/null || skip "no musl-gcc"
	command -v gcore >/dev/null || skip "no gcore"
	export CC=musl-gcc
	cp -r "$HERE/testdata/mixed/." .
	go build '-ldflags=-linkmode external -extldflags -static' -o mixed .
	start_as ./mixed wait
	gcore -o core "$PID" >/dev/null 2>&1
	stop_started
	run "$RCGO" stack "core.$PID"
	[ "$status" = 0 ]
	# The thread is none of Go's, though the bounds that Go has of the main thread contain its stack.
	[[ $output =~ "1 thread in C: "[0-9]+$'\n'("  C "[^$'\n']*$'\n')+"  C   plain_thread" ]]
	in_order "$output" wait_forever c_nested main._Cfunc_c_nested main.goNested goNested c_nested
	[[ $output != *"may be missing"* ]]
}

# check_whole_and_bare: checks testdata/mixed, which runs, and then without symbols and section headers.
check_whole_and_bare() {
	run "$RCGO" stack "$PID"
	[ "$status" = 0 ]
	check_mixed
	stop_started
	strip mixed
	remove_section_headers mixed
	rm in out
	start_as ./mixed wait
	run "$RCGO" stack "$PID"
	check_bare
	stop_started
}

@test "stack: C without unwind information, and no section headers" {
	export CGO_CFLAGS='-g0 -fno-asynchronous-unwind-tables'
	BUILD="go build" start_mixed wait
	check_whole_and_bare
}

@test "stack: .eh_frame without .eh_frame_hdr, and no section headers" {
	cp -r "$HERE/testdata/mixed/." .
	go build '-ldflags=-linkmode external -extldflags -Wl,--no-eh-frame-hdr' -o mixed .
	start_as ./mixed wait
	check_whole_and_bare
}

@test "stack: the lengths of instructions" {
	[ "$(uname -m)" = x86_64 ] || skip "for amd64"
	local root=$HERE/../.. include
	include=$(cd "$root" && printf -- "-I$PWD/%s " cmd/rcgo include backtrace/*/ runtime/*/)
	# shellcheck disable=SC2086 # several words
	gcc -std=gnu11 -O1 -D_GNU_SOURCE -DRCGO_UNWIND_AMD64=1 -DRCGO_VERSION='""' -DRCGO_MODULE='""' $include \
		-o insns "$root/test/stack/insns.c" "$root/cmd/rcgo/stack_insn_amd64.c"
	objdump -d -w "$BATS_FILE_TMPDIR/mixed" | ./insns
	objdump -d -w "$(gcc -print-file-name=libc.so.6)" | ./insns
}

@test "stack: threads that wait are not stopped, and no call of theirs ends early" {
	start_mixed wait
	for _ in 1 2 3 4 5; do
		run "$RCGO" stack "$PID"
		[ "$status" = 0 ]
	done
	[[ ${lines[0]} == *"none was stopped"* ]]
	check_mixed
	run "$RCGO" stack -no-stop -folded "$PID"
	[ "$status" = 0 ]
	stop_started
}

@test "stack: the holder of the mutex that a thread waits for" {
	start_mixed wait
	run "$RCGO" stack "$PID"
	[[ $output =~ "waits for mutex 0x"[0-9a-f]+", held by thread "[0-9]+ ]]
	stop_started
}

@test "stack: parked goroutines, with the C code below them" {
	start_mixed wait
	run "$RCGO" stack -all "$PID"
	in_order "$output" "waiting (chan receive)" main.goParked
	[[ $output == *"main.goFromThread"*"goFromThread"*"c_thread"* ]]
	stop_started
}

@test "stack: JSON, folded lines and a profile" {
	start_mixed
	run "$RCGO" stack -json -all "$PID"
	[ "$status" = 0 ]
	jq -e --arg pid "$PID" '.pid == ($pid | tonumber) and .go[0].layout_known
		and ([.threads[] | select(.how == "stopped" and .state != "running")] | length <= 8)
		and ([.threads[].frames[] | select(.function == "c_leaf" and .lang == "c")] | length == 1)
		and ([.goroutines[] | select(.reason == "chan receive")] | length == 2)' <<<"$output"
	run "$RCGO" stack -folded "$PID"
	[[ $output == *"C:start_thread;C:c_thread;C:goFromThread;main.goFromThread;main._Cfunc_c_leaf;C:c_leaf;"* ]]
	run "$RCGO" stack -pprof p.pb.gz "$PID"
	[ "$status" = 0 ]
	run go tool pprof -traces p.pb.gz
	in_order "$output" c_leaf main._Cfunc_c_leaf goFromThread c_thread
	stop_started
}

@test "stack: a Go library in a program of another language" {
	command -v python3 >/dev/null || skip "no python3"
	cp -r "$HERE/testdata/mixed/." .
	sed -e 's,^func main() {,//export goStart\nfunc goStart() {,' -i main.go
	echo 'func main() {}' >>main.go
	go build -buildmode=c-shared -o libmixed.so .
	start_as python3 -c 'import ctypes; ctypes.CDLL("./libmixed.so").goStart()'
	run "$RCGO" stack "$PID"
	[ "$status" = 0 ]
	[[ ${lines[0]} == *"libmixed.so (Go "* ]]
	check_mixed
	stop_started
}

@test "stack: at each instruction on the path from Go to C and back" {
	"$HERE/../stack/steps" 7 20
}

@test "stack: a core file" {
	command -v gcore >/dev/null || skip "no gcore"
	start_mixed wait
	gcore -o core "$PID" >/dev/null 2>&1
	stop_started
	run "$RCGO" stack "core.$PID"
	[ "$status" = 0 ]
	check_mixed
	[[ $output == *", held by thread "* ]]
	# The program is listed once, although the core has a relative path of it too.
	[ "$("$RCGO" stack -json "core.$PID" | jq '.go | length')" = 1 ]
	# Another program at the same path would give wrong names.
	cp /bin/true other
	run "$RCGO" stack -e other "core.$PID"
	[[ $output == *"is not the file that the core had mapped"* ]]
}

@test "stack: a core file of a C program that loaded a Go library" {
	command -v gcore >/dev/null || skip "no gcore"
	"$HERE/../stack/library" .
	go build -buildmode=c-shared -o libmixed.so .
	gcc -o host "$HERE/../stack/host.c" -ldl
	start_as ./host ./libmixed.so
	gcore -o core "$PID" >/dev/null 2>&1
	stop_started
	run "$RCGO" stack "core.$PID"
	[ "$status" = 0 ]
	check_mixed
	# Elsewhere, without the library: its symbols are not known, and rcgo says which file is missing.
	mv libmixed.so lib.so
	run "$RCGO" stack "core.$PID"
	[[ $output == *libmixed.so* ]]
}

@test "stack: threads in each kind of system call are whole and are not interrupted" {
	cp -r "$HERE/testdata/blocked/." .
	go build -o blocked .
	start_as ./blocked
	for _ in {1..20}; do
		run "$RCGO" stack "$PID"
		[ "$status" = 0 ]
	done
	[[ ${lines[0]} == *"none was stopped"* && $output != *"may be missing"* ]]
	for name in syscall epoll recv poll nanosleep select cond sem sigtimedwait mutex join variable_frame; do
		[[ $output == *"main._Cfunc_in_$name "* ]]
	done
	echo >&8
	read -r line <&9
	[ "$line" = "interrupted: 0" ]
	stop_started
}

@test "stack: cores that are cut or broken end with an answer, not with a signal" {
	command -v gcore >/dev/null || skip "no gcore"
	command -v python3 >/dev/null || skip "no python3"
	start_mixed wait
	gcore -o core "$PID" >/dev/null 2>&1
	stop_started
	cat >break.py <<'END'
import os, random, subprocess, sys
rcgo, core, data = sys.argv[1], sys.argv[2], []
fd, at = os.open(core, os.O_RDWR), 0
size = os.fstat(fd).st_size
while at < size:
    try:
        start = os.lseek(fd, at, os.SEEK_DATA)
    except OSError:
        break
    at = os.lseek(fd, start, os.SEEK_HOLE)
    data.append((start, at))
random.seed(1)
for n in range(60):
    undo = []
    for _ in range(random.choice([1, 20, 300])):
        low, high = (0, 12000) if random.random() < 0.4 else random.choice(data)
        where = random.randrange(low, high)
        undo.append((where, os.pread(fd, 8, where)))
        os.pwrite(fd, random.choice([b"\xff" * 8, b"\0" * 8, random.randbytes(8)]), where)
    status = subprocess.run([rcgo, "stack", "-all", "-force", core], timeout=60,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
    if not 0 <= status <= 3:
        sys.exit(f"round {n}: status {status}")
    for where, old in reversed(undo):
        os.pwrite(fd, old, where)
for size in (100000, 12000, 4096, 64, 1):
    os.ftruncate(fd, size)
    if not 0 <= subprocess.run([rcgo, "stack", core], stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL).returncode <= 3:
        sys.exit(f"cut to {size}")
    if size == 100000 and "the core is cut short" not in subprocess.run([rcgo, "stack", core],
            capture_output=True, text=True).stderr:
        sys.exit("nothing is said of the cut")
END
	run python3 break.py "$RCGO" "core.$PID"
	[ "$status" = 0 ]
}

@test "stack: one thread, a program in C alone, and processes that cannot be inspected" {
	start_mixed wait
	run "$RCGO" stack -thread "$PID" -c "$PID"
	[ "$status" = 0 ]
	[[ ${lines[0]} == *"(no Go in it)"* ]]
	stop_started
	run "$RCGO" stack 999999999
	[ "$status" = 2 ]
	[[ $output == *"there is no process 999999999"* ]]
	run "$RCGO" stack "$RCGO"
	[ "$status" = 2 ]
	[[ $output == *"is no core file"* ]]
	run "$RCGO" stack
	[ "$status" = 2 ]
	run "$RCGO" stack -stop -no-stop 1
	[ "$status" = 2 ]
}

@test "stack: another user's process" {
	[ "$(id -u)" = 0 ] || skip "not root"
	command -v setpriv >/dev/null || skip "no setpriv"
	start_mixed wait
	cp "$RCGO" "$T/rcgo"
	chmod 755 "$T" "$T/rcgo"
	run setpriv --reuid=65534 --clear-groups "$T/rcgo" stack "$PID"
	[ "$status" = 3 ]
	[[ $output == *"it belongs to root, and rcgo runs as uid 65534"*"--cap-add SYS_PTRACE"* ]]
	stop_started
}

@test "record: running threads, and waiting threads" {
	start_mixed
	run "$RCGO" record -d 1s -o p.pb.gz "$PID"
	[ "$status" = 0 ]
	[[ $output =~ [1-9][0-9]*" stops: median "[0-9]+" us, 99 % within "[0-9]+" us, longest "[0-9]+" us" ]]
	run go tool pprof -traces p.pb.gz
	in_order "$output" c_spin main._Cfunc_c_spin
	[[ $output == *"main.goSpin"* && $output != *"plain_thread"* ]]
	run "$RCGO" record -d 300ms -off-cpu -folded "$PID"
	[ "$status" = 0 ]
	[[ $output =~ "C:start_thread;C:plain_thread;C:wait_forever;"[^\;]*[\;]?[^\;]*" "[0-9]+ ]]
	[[ $output != *"main.goSpin"* ]]
	stop_started
}
