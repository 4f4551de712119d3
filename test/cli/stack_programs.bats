#!/usr/bin/env bats
# rcgo stack and rcgo record on programs with large C libraries: librdkafka, CPython, the JVM.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own
load helper

# look_twice: the stacks as text in $output and as lines in $folded, of a process none of whose
# threads runs, and what a recording of those that wait has in $recorded.
look_twice() {
	recorded=$("$RCGO" record -off-cpu -d 500ms -folded "$PID")
	folded=$("$RCGO" stack -no-stop -folded "$PID")
	run "$RCGO" stack "$PID"
	[ "$status" = 0 ]
	[[ $output != *"may be missing"* && $folded != *"may be missing"* ]]
}

@test "stack: librdkafka, with a consumer, a producer, and a callback that keeps a lock" {
	cp -r "$HERE/testdata/kafka/." .
	go build -o kafka .
	start_as ./kafka
	look_twice
	# The threads of the library, of which there are three clients and the mock broker.
	[ "$(grep -c "C:start_thread;C:librdkafka" <<<"$folded")" -ge 3 ]
	in_order "$folded" "main.consume;main._Cfunc_consume;C:consume;" "librdkafka.so" cnd_timedwait
	in_order "$output" "waits for mutex" "pthread_mutex_lock" main._Cfunc_want_the_lock main.wantTheLock
	[[ $output =~ "waits for mutex 0x"[0-9a-f]+", held by thread "[0-9]+", whose goroutine "[0-9]+" waits in Go: chan receive" ]]
	# The goroutine that holds the lock, in Go on the C stack of the callback.
	run "$RCGO" stack -all "$PID"
	in_order "$output" "waiting (chan receive)" main.goDelivered goDelivered delivered rd_kafka_poll \
		poll_forever main._Cfunc_poll_forever main.poll
	in_order "$recorded" "main.wantTheLock;main._Cfunc_want_the_lock;" pthread_mutex_lock
	stop_started
}

@test "stack: CPython in a Go program" {
	[ -x /usr/bin/python3-config ] || skip "no python3-config"
	cp -r "$HERE/testdata/pythonembed/." .
	CGO_CFLAGS="-O2 -g $(/usr/bin/python3-config --includes)" \
		CGO_LDFLAGS=$(/usr/bin/python3-config --embed --ldflags) go build -o embed .
	start_as ./embed
	look_twice
	in_order "$output" wait_forever main._Cfunc_wait_forever main.goFromPython goFromPython call_go \
		_PyEval_EvalFrameDefault PyRun_SimpleString python_run main._Cfunc_python_run_c main.runPython
	in_order "$output" PyGILState_Ensure python_want main._Cfunc_python_want main.wantPython
	in_order "$folded" "C:start_thread;" _PyEval_EvalFrameDefault clock_nanosleep
	in_order "$recorded" "main.wantPython;main._Cfunc_python_want;" PyGILState_Ensure
	stop_started
}

@test "stack: a Go library in the JVM" {
	command -v javac >/dev/null || skip "no javac"
	cp -r "$HERE/testdata/javahost/." .
	go build -buildmode=c-shared -o lib.so .
	javac -d . Host.java
	start_as java -cp . Host "$PWD/lib.so"
	look_twice
	[[ ${lines[0]} == *"lib.so (Go "* ]]
	# Through the interpreter, which has no unwind information, to the thread's first function.
	in_order "$folded" "C:start_thread;" "JavaCalls::call_virtual" "C:[JIT];" "C:goEnter;" \
		"main.goWait;main._Cfunc_wait_forever;C:wait_forever;"
	in_order "$recorded" "JavaCalls::call_virtual" "C:[JIT];" "main.goWait;main._Cfunc_wait_forever;C:wait_forever;"
	stop_started
}
