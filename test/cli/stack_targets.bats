#!/usr/bin/env bats
# rcgo stack and rcgo record on unusual programs: two Go runtimes in one process, code that is
# generated or loaded at run time, other namespaces, other processors, locks of all kinds.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

setup_file() {
	local name
	cp -r "$BATS_TEST_DIRNAME/testdata/." "$BATS_FILE_TMPDIR"
	export DATA=$BATS_FILE_TMPDIR
	for name in tworuntimes waits jit mixed forked; do
		(cd "$DATA/$name" && env GOFLAGS= go build -o program .)
	done
	(cd "$DATA/tworuntimes" && env GOFLAGS= go build -buildmode=c-shared -o lib.so ./lib)
	cd "$DATA/loads" || return
	gcc -O1 -g -o program loads.c -ldl -lpthread
	gcc -O1 -g -shared -fPIC -DWORK=first_work -o first.so loads.c
	gcc -O1 -g -shared -fPIC -DWORK=second_work -o second.so loads.c
	gcc -O1 -g -o vforks vforks.c -lpthread
	gcc -O1 -g -o turns turns.c -lpthread
	gcc -O1 -g -o leader leader.c -lpthread
	gcc -O1 -g -o tracer tracer.c
	cd "$BATS_TEST_DIRNAME/../../bench/stacks/target" || return
	env GOFLAGS= go build -o "$DATA/epoll" .
}

# say LINE: writes a line to the program, and waits until the program repeats it.
say() {
	echo "$1" >&8
	read -r line <&9
	[ "$line" = "$1" ]
}

# say_any: writes an empty line to the program, and reads its answer.
say_any() {
	echo >&8
	read -r line <&9
}

@test "stack: two Go runtimes on one stack" {
	cd "$DATA/tworuntimes" || return
	rm -f in out
	start_as ./program
	run "$RCGO" stack -all "$PID"
	stop_started
	[ "$status" = 0 ]
	[[ ${lines[0]} == *"program (Go "*"), lib.so (Go "* ]]
	in_order "$output" "goroutine 1 (locked) of program" wait_forever main._Cfunc_wait_forever \
		main.outerWait outerWait c_call_back main._Cfunc_c_call_back main.innerEnter \
		innerEnter call_library main._Cfunc_call_library main.outerCall main.main
	in_order "$output" "of lib.so" main.innerParked
	[[ $output != *"may be missing"* ]]
}

@test "stack: the holder of each kind of lock" {
	start_as "$DATA/waits/program"
	run "$RCGO" stack -json "$PID"
	stop_started
	[ "$status" = 0 ]
	jq -e 'def waiter($f): .threads[] | select(any(.frames[]; .function == $f)) | .waits_for;
		(.threads | map(select(any(.frames[]; .function == "hold"))) | map(.tid)) as $holders
		| waiter("want_to_read").kind == "read-write lock"
		and (waiter("want_to_read").owner | IN($holders[]))
		and waiter("want_to_read") == waiter("want_to_write")
		and waiter("want_to_write_what_is_read").owner == null
		and waiter("want_to_write_what_is_read").readers == 2
		and waiter("want_the_stream").kind == "stream"
		and waiter("want_the_stream").owner == waiter("want_to_read").owner
		and waiter("want_what_go_holds").kind == "mutex"' <<<"$output"
}

@test "stack: a lock whose holder is a goroutine that waits in Go" {
	start_as "$DATA/waits/program"
	run "$RCGO" stack "$PID"
	stop_started
	[[ $output =~ "waits for mutex 0x"[0-9a-f]+", held by thread "[0-9]+", whose goroutine "[0-9]+" waits in Go: chan receive" ]]
	[[ $output == *", held by 2 readers; the lock does not tell which"* ]]
}

@test "stack: code that was generated at run time" {
	start_as "$DATA/jit/program"
	run "$RCGO" stack "$PID"
	[ "$status" = 0 ]
	in_order "$output" spin_forever "jit_function(int, char *)" "[jit]" run_and_spin \
		main._Cfunc_run_and_spin
	in_order "$output" wait_forever "jit_function(int, char *)" run_and_wait \
		main._Cfunc_run_and_wait
	[[ $output != *old_code* && $output != *"may be missing"* ]]
	run "$RCGO" record -d 300ms -folded "$PID"
	in_order "$output" "main._Cfunc_run_and_spin;C:run_and_spin;C:jit_function(int, char *);C:spin_forever "
	# A file of another user is not trusted.
	if [ "$(id -u)" = 0 ]; then
		chown 65534 "/tmp/perf-$PID.map"
		run "$RCGO" stack "$PID"
		[[ $output != *jit_function* ]]
	fi
	rm "/tmp/perf-$PID.map"
	run "$RCGO" stack "$PID"
	in_order "$output" spin_forever "[JIT]" run_and_spin main._Cfunc_run_and_spin
	stop_started
}

@test "record: functions without symbols have one name each" {
	strip -o "$DATA/jit/stripped" "$DATA/jit/program"
	start_as "$DATA/jit/stripped"
	run "$RCGO" record -d 300ms -folded "$PID"
	stop_started
	run grep -o "main._Cfunc_run_and_spin;.*;" <<<"$output;"
	[[ $output =~ ^"main._Cfunc_run_and_spin;C:stripped+0x"[0-9a-f]+";C:jit_function(int, char *);C:stripped+0x"[0-9a-f]+" "[0-9]+";"$ ]]
}

@test "stack: code that was generated at run time, named in a jitdump file" {
	cd "$DATA/jit" || return
	start_as ./program dump
	run "$RCGO" stack "$PID"
	stop_started
	in_order "$output" spin_forever "jit_function(int, char *)" "[jit]" run_and_spin \
		main._Cfunc_run_and_spin
	in_order "$output" wait_forever "jit_function(int, char *)" run_and_wait \
		main._Cfunc_run_and_wait
}

@test "record: a library that is loaded during the recording, and another in its place" {
	cd "$DATA/loads" || return
	rm -f in out
	start_as ./program
	"$RCGO" record -d 60s -folded -o folded "$PID" &
	local recorder=$!
	# The recording has begun once SIGINT ends it early.
	until [ $((0x$(sed -n 's/^SigCgt:\t//p' "/proc/$recorder/status") >> 1 & 1)) = 1 ]; do
		sleep 0.05
	done
	say ./first.so
	sleep 1
	say ./second.so
	sleep 1
	kill -INT "$recorder"
	wait "$recorder"
	stop_started
	run cat folded
	in_order "$output" "C:run;C:work;C:first_work "
	in_order "$output" "C:run;C:work;C:second_work "
}

@test "stack: a process in other namespaces, whose files are not visible here" {
	unshare -mpf true 2>/dev/null || skip "may not make namespaces here"
	mkdir -p root
	cp "$DATA/mixed/program" "$T/work/elsewhere"
	# The program is in a file system that no other process sees, and is the first process
	# of its namespace.
	start_as unshare -mpf --mount-proc sh -c \
		"mount -t tmpfs none $T/work/root && cp $T/work/elsewhere $T/work/root/program && exec $T/work/root/program wait"
	local child
	child=$(cat "/proc/$PID/task/$PID/children")
	child=${child%% *}
	run "$RCGO" stack "$child"
	[ "$status" = 0 ]
	[[ ${lines[0]} == "process $child program (Go "* && ${lines[0]} != *stripped* ]]
	in_order "$output" wait_forever c_nested main.go main._Cfunc_c_nested main.goNested
	# Its threads have other numbers in its namespace, and the lock holds such a number.
	[[ $output =~ "held by thread "([0-9]+) ]]
	[ -d "/proc/$child/task/${BASH_REMATCH[1]}" ]
	run "$RCGO" version "$child"
	[ "$status" = 1 ]
	kill -KILL "$child"
	stop_started
}

@test "stack: a stop ends no call early" {
	start_as "$DATA/epoll" 12
	for _ in 1 2 3; do
		run "$RCGO" stack -stop -folded "$PID"
		[ "$status" = 0 ]
		in_order "$output" "main.worker;main._Cfunc_c_work;C:c_work;C:wait_forever;C:epoll_wait 4"
	done
	say_any
	[ "$line" = 0 ]
	stop_started
}

@test "stack: -stop shows all threads at one moment" {
	local n i
	start_as "$DATA/loads/turns"
	for i in {1..20}; do
		"$RCGO" stack -stop -folded "$PID" >"stacks$i"
		n=$(awk '/C:hold/ { n += $NF } END { print n + 0 }' "stacks$i")
		if [ "$n" -gt 1 ]; then
			cat "stacks$i"
			return 1
		fi
	done
	grep -q "C:hold" stacks* # where the threads are most of the time
	run "$RCGO" stack -stop "$PID"
	[[ ${lines[0]} == *"; 5 stopped together for "* ]]
	stop_started
}

@test "stack: a thread that waits for its child of vfork" {
	start_as "$DATA/loads/vforks"
	run timeout 20 "$RCGO" stack -stop "$PID"
	[ "$status" = 0 ]
	in_order "$output" another_thread
	run timeout 20 "$RCGO" stack "$PID"
	[ "$status" = 0 ]
	[[ ${lines[0]} == *"none was stopped"* && $output != *"may be missing"* ]]
	in_order "$output" vfork start_child main
	stop_started
}

@test "stack: a process whose first thread has ended" {
	start_as "$DATA/loads/leader"
	until grep -q "^State:.Z" "/proc/$PID/status"; do sleep 0.05; done
	run "$RCGO" stack "$PID"
	[ "$status" = 0 ]
	in_order "$output" read wait_forever start_thread
	[[ $output != *"could not be read"* ]]
	run "$RCGO" record -d 300ms -off-cpu -folded "$PID"
	[ "$status" = 0 ]
	in_order "$output" "C:start_thread;C:wait_forever;"
	stop_started
}

@test "stack: threads that another program traces" {
	start_as "$DATA/mixed/program"
	# shellcheck disable=SC2012 # numbers
	"$DATA/loads/tracer" $(ls "/proc/$PID/task") >traced &
	local tracer=$!
	until grep -q traced traced; do sleep 0.05; done
	run "$RCGO" stack "$PID"
	[ "$status" = 0 ]
	# Those that wait are read.
	in_order "$output" wait_forever c_nested main._Cfunc_c_nested main.goNestedCaller
	[[ $output == *"could not be read, because they are traced by process $tracer (tracer)"* ]]
	run "$RCGO" record -d 300ms -folded "$PID"
	[[ $output == *"process $tracer (tracer) traces the program"* ]]
	kill "$tracer"
	stop_started
}

@test "stack: a 32-bit program, and a thread of the kernel" {
	printf 'package main\n\nimport "os"\n\nfunc main() { println("ready"); os.Stdin.Read(make([]byte, 1)) }\n' >main.go
	GOARCH=386 CGO_ENABLED=0 go build -o narrow main.go
	start_as sh -c "exec ./narrow 2>&1"
	run "$RCGO" stack "$PID"
	[ "$status" = 0 ]
	[[ ${lines[0]} == *"(a 32-bit program, of which no stacks are read)"* ]]
	stop_started
	if [ "$(cat /proc/2/comm 2>/dev/null)" = kthreadd ]; then
		run "$RCGO" stack 2
		[ "$status" = 2 ]
		[[ $output == *"it is a thread of the kernel"* ]]
	fi
}

@test "stack: a child of fork" {
	local child
	start_as "$DATA/forked/program"
	say_any
	child=$line
	run "$RCGO" stack "$child"
	[ "$status" = 0 ]
	[[ ${lines[0]} == "process $child program (Go "*": 1 thread, "* ]]
	in_order "$output" "a child of fork" "goroutine 1" fork_and_wait main._Cfunc_fork_and_wait \
		main.forker main.main runtime.main
	[[ $output != *"may be missing"* && $output != *"not known"* ]]
	run "$RCGO" record -off-cpu -d 300ms -folded "$child"
	in_order "$output" "runtime.main;main.main;main.forker;main._Cfunc_fork_and_wait;C:fork_and_wait;"
	stop_started
}

@test "stack: a process that ends while it is looked at" {
	for _ in 1 2 3 4; do
		rm -f in out
		start_as "$DATA/epoll" 40
		(while "$RCGO" stack -folded "$PID" >/dev/null 2>&1; do :; done) &
		local reader=$!
		kill -KILL "$PID"
		wait "$PID" || true
		run "$RCGO" stack "$PID"
		[ "$status" = 2 ]
		wait "$reader"
		exec 8>&- 9<&-
	done
}

@test "stack: a core file of arm64" {
	[ "$(uname -m)" = x86_64 ] || skip "for amd64"
	(cd "$DATA/mixed" && env GOFLAGS= GOARCH=arm64 CGO_ENABLED=1 CC=aarch64-linux-gnu-gcc go build -o arm64 .)
	ulimit -c unlimited
	export GOTRACEBACK=crash
	start_as qemu-aarch64 -L /usr/aarch64-linux-gnu "$DATA/mixed/arm64" wait
	kill -QUIT "$PID"
	wait "$PID" || true
	exec 8>&- 9<&-
	run "$RCGO" stack -sysroot /usr/aarch64-linux-gnu -e "$DATA/mixed/arm64" qemu_*.core
	rm -f ./*core*
	[ "$status" = 0 ]
	in_order "$output" wait_forever c_nested main._Cfunc_c_nested main.goNested goNested c_nested \
		main._Cfunc_c_nested main.goNested goNested c_nested main._Cfunc_c_nested \
		main.goNestedCaller
	in_order "$output" wait_forever c_leaf main._Cfunc_c_leaf main.goFromThread goFromThread c_thread
	in_order "$output" pthread_mutex_lock second_thread
	[[ $output == *"a signal was handled"* ]]
	[[ $output != *"may be missing"* ]]
}
