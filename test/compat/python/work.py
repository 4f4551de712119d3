# SPDX-License-Identifier: BSD-3-Clause
# Signals in Python, threads that call Go, and tracebacks of all threads from a signal's handler.
import faulthandler
import os
import signal
import tempfile
import threading

import go

traces = tempfile.TemporaryFile()
faulthandler.enable(file=traces)
# Python reads the frames of other threads as they are: only who holds its lock can.
faulthandler.register(signal.SIGUSR2, file=traces, all_threads=True)
faulthandler.register(signal.SIGWINCH, file=traces, all_threads=False)
got = 0


def on_alarm(number, frame):
    global got
    got += 1


signal.signal(signal.SIGALRM, on_alarm)
signal.signal(signal.SIGINT, signal.default_int_handler)  # Go had one first


def call_go(results):
    results.append(all(go.work(n) == n + 1 for n in range(20)))


def round_of_work():
    before, results = got, []
    threads = [threading.Thread(target=call_go, args=(results,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    signal.raise_signal(signal.SIGALRM)
    signal.pthread_kill(threading.get_ident(), signal.SIGUSR2)
    os.kill(os.getpid(), signal.SIGWINCH)
    for thread in threads:
        thread.join()
    try:
        signal.raise_signal(signal.SIGINT)
        raise SystemError("no KeyboardInterrupt")
    except KeyboardInterrupt:
        pass
    if results != [True] * 3 or got != before + 1:
        raise SystemError("%r, %d alarms" % (results, got - before))
    if traces.tell() > 1 << 20:
        traces.seek(0)
        traces.truncate()
