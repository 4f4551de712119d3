// SPDX-License-Identifier: BSD-3-Clause
// Node loads Go by an add-on: on its main thread, on workers, beside signals and child processes.
const { Worker, isMainThread } = require("worker_threads");
const { execFileSync } = require("child_process");
const { call } = require(process.env.ADDON);

function check(good, what) {
	if (!good) {
		console.log("failed: " + what);
		process.exit(1);
	}
}

function all() {
	check(call("golib_add", 2, 3) === 5, "add");
	check(call("golib_work", 0, 0) === 1, "work");
	check(call("golib_fault", 0, 0) === 1, "fault");
}

all();
if (isMainThread) {
	process.once("SIGUSR2", () => {
		check(execFileSync("/bin/echo", ["child"]).toString() === "child\n", "child");
		let left = 3;
		for (let i = 0; i < 3; i++) {
			new Worker(__filename).on("exit", (status) => {
				check(status === 0, "worker");
				if (--left === 0) {
					all();
					console.log("ok");
				}
			});
		}
	});
	process.kill(process.pid, "SIGUSR2");
	setTimeout(() => {}, 200);
}
