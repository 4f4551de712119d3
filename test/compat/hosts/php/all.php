<?php
// SPDX-License-Identifier: BSD-3-Clause
// PHP loads Go by FFI, with pcntl's signals and fork.
$go = FFI::cdef('int golib_add(int, int); int golib_work(void); int golib_fault(void);', $argv[1]);
pcntl_async_signals(true);
$got = 0;
pcntl_signal(SIGUSR2, function () use (&$got) { $got++; });
$good = $go->golib_add(2, 3) === 5 && $go->golib_work() === 1 && $go->golib_fault() === 1;
posix_kill(posix_getpid(), SIGUSR2);
$good = $good && $got === 1 && is_callable(pcntl_signal_get_handler(SIGUSR2));
$child = pcntl_fork();
if ($child === 0) {
	exit($go->golib_add(3, 4));
}
pcntl_waitpid($child, $status);
$good = $good && pcntl_wexitstatus($status) === 7 && $go->golib_work() === 1;
echo $good ? "ok\n" : "failed\n";
