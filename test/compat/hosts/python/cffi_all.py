# SPDX-License-Identifier: BSD-3-Clause
# Python loads Go by cffi, in the ABI mode.
import sys

import cffi

ffi = cffi.FFI()
ffi.cdef("int golib_add(int, int); int golib_work(void); int golib_fault(void);"
         "int golib_back(int (*)(int), int);")
go = ffi.dlopen(sys.argv[1], ffi.RTLD_NOW | ffi.RTLD_LOCAL)


@ffi.callback("int(int)")
def twice(i):
    return 2 * i


assert go.golib_add(2, 3) == 5 and go.golib_work() == 1 and go.golib_fault() == 1
assert go.golib_back(twice, 4) == 12
print("ok")
