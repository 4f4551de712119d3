# SPDX-License-Identifier: BSD-3-Clause
# multiprocessing beside Go: processes.py LIBRARY fork|spawn|forkserver. A forked child makes short
# calls only, as with stock; the others do all.
import ctypes
import multiprocessing
import sys

go = ctypes.CDLL(sys.argv[1])


def short(n):
    return go.golib_add(n, 1)


def long(n):
    return go.golib_add(n, 1) * go.golib_work() * go.golib_fault()


if __name__ == "__main__":
    assert go.golib_work() == 1
    how = sys.argv[2]
    with multiprocessing.get_context(how).Pool(2) as pool:
        got = pool.map_async(short if how == "fork" else long, range(20)).get(60)
    assert got == list(range(1, 21)), got
    assert go.golib_work() == 1
    print("ok")
