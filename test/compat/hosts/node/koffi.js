// SPDX-License-Identifier: BSD-3-Clause
// Node loads Go by koffi: calls on its main thread and on libuv's, and callbacks on Go's threads.
const koffi = require("koffi");
const go = koffi.load(process.argv[2]);
const add = go.func("int golib_add(int, int)");
const work = go.func("int golib_work()");
const fault = go.func("int golib_fault()");
const Back = koffi.proto("int golib_callback(int)");
const back = go.func("golib_back", "int", [koffi.pointer(Back), "int"]);
const square = koffi.register((i) => i * i, koffi.pointer(Back));

function check(good, what) {
	if (!good) {
		console.log("failed: " + what);
		process.exit(1);
	}
}

check(add(2, 3) === 5 && work() === 1 && fault() === 1, "calls");
let left = 8;
for (let i = 0; i < 8; i++) {
	(i % 2 ? work : fault).async((err, is) => {
		check(err === null && is === 1, "async");
		if (--left === 0) {
			back.async(square, 5, (err, sum) => {
				check(err === null && sum === 30, "back");
				console.log("ok");
			});
		}
	});
}
