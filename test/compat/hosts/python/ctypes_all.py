# SPDX-License-Identifier: BSD-3-Clause
# Python loads Go by ctypes: calls, callbacks, threads, handlers, faulthandler, the environment.
import ctypes
import faulthandler
import os
import signal
import sys
import threading

got = []
signal.signal(signal.SIGUSR2, lambda *_: got.append(1))
faulthandler.enable()
go = ctypes.CDLL(sys.argv[1])
assert go.golib_add(2, 3) == 5
assert go.golib_work() == 1
assert go.golib_fault() == 1
back = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda i: i * i)
assert go.golib_back(back, 5) == 30
go.golib_env()
assert ctypes.CDLL(None).getenv(b"GOLIB_SET")
threads = [threading.Thread(target=go.golib_work) for _ in range(8)]
for t in threads:
    t.start()
for t in threads:
    t.join()
os.kill(os.getpid(), signal.SIGUSR2)
assert got == [1]
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
assert signal.signal(signal.SIGINT, signal.SIG_DFL) is signal.default_int_handler
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    os.kill(os.getpid(), signal.SIGINT)
    raise SystemExit("no KeyboardInterrupt")
except KeyboardInterrupt:
    pass
assert go.golib_signal() == 1
print("ok")
