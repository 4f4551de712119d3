# SPDX-License-Identifier: BSD-3-Clause
# Checks the lines that `rcgo record -folded -runtime` prints of test/stack/stress: the functions of
# the levels follow each other, Go and C in turn, from the outermost on and without a gap; and each C
# wrapper stands above the Go function that called it. The last line is the sum.

function wrong(why) {
	if (!is_wrong) {
		print why ": " line
	}
	is_wrong = 1
}

{
	line = $0
	count = $NF
	sub(/ [0-9]+$/, "")
	gsub(/;runtime\.systemstack_switch/, "") # where Go left its stack for g0
	n = split($0, frame, ";")
	is_wrong = 0
	next_level = "main.deep4"
	for (i = 1; i <= n; i++) {
		if (frame[i] ~ /^main\.deep[0-9]$/ || frame[i] ~ /^C:c[0-9]$/) {
			if (frame[i] != next_level) {
				wrong("not " next_level)
			}
			level = substr(frame[i], length(frame[i]))
			next_level = frame[i] ~ /^C/ ? "main.deep" (level - 1) : "C:c" level
		}
		if (frame[i] ~ /^C:_cgo_[0-9a-f]+_Cfunc_/) {
			name = frame[i]
			sub(/^.*_Cfunc_/, "", name)
			if (frame[i - 1] !~ /^runtime\.asmcgocall/ || frame[i - 2] != "runtime.cgocall" ||
				frame[i - 3] != "main._Cfunc_" name) {
				wrong("the wrapper of another function")
			}
		}
		if (frame[i] ~ /^C:c_thread$/ && frame[i + 1] != "" && frame[i + 1] != "C:deep4") {
			wrong("not the thread's own call")
		}
	}
	total += count
	if (is_wrong) {
		all_wrong += count
	}
	if (line ~ /may be missing/) {
		incomplete += count
		if (!told++) {
			print "incomplete: " line
		}
	}
	different++
}

END {
	printf "%d stacks, %d different; %d incomplete, %d wrong\n", total, different, incomplete, all_wrong
	exit all_wrong != 0 || total == 0
}
