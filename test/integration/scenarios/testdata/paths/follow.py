# SPDX-License-Identifier: BSD-3-Clause
# gdb -x follow.py: stops at FROM when signal SIGNO is handled, after SKIP other such signals, steps by instruction to the
# function TO, and prints the source files of ours that it came through.
import os
import re

import gdb

for command in (
    "set pagination off",
    "set confirm off",
    "set debuginfod enabled off",
    "handle all nostop noprint pass",
):
    gdb.execute(command)


def our_file():
    symtab = gdb.find_pc_line(gdb.selected_frame().pc()).symtab
    path = symtab.filename if symtab else ""
    if re.search(r"(^|/)gcc_(rcgo_)?\w+\.S$", path):
        return "runtime/arch/gcc_rcgo_<cpu>.S"
    ours = re.search(r"\b(runtime|backtrace)/(?!cgo/)[a-z]+/\w+\.[ch]$", path)
    return ours and re.sub(r"_(amd64|arm64)\.c$", "_<cpu>.c", ours.group(0))


at = gdb.Breakpoint(os.environ["FROM"])
at.condition = "%s == %s" % (os.environ["REGISTER"], os.environ["SIGNO"])
at.ignore_count = int(os.environ["SKIP"])
gdb.execute("run", to_string=True)
gdb.execute("set scheduler-locking on")
files = []
while not re.search(os.environ["TO"], gdb.selected_frame().name() or ""):
    ours = our_file()
    if ours and ours not in files and not ours.endswith(".h"):
        files.append(ours)
    # A function of libc is not followed.
    gdb.execute("stepi" if ours else "finish", to_string=True)
print("files: " + " ".join(files))
gdb.execute("kill")
