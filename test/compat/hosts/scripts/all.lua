-- SPDX-License-Identifier: BSD-3-Clause
-- LuaJIT's ffi: all.lua LIBRARY. Compiled code calls Go, beside signals and nil pointers in Go.
local ffi = require("ffi")
ffi.cdef([[
int golib_add(int, int);
int golib_work(void);
int golib_fault(void);
int golib_back(int (*)(int), int);
void golib_env(void);
int abs(int);
int setenv(const char *, const char *, int);
char *getenv(const char *);
]])
local go = ffi.load(arg[1])
local sum = 0
for i = 1, 100000 do
  sum = sum + go.golib_add(i, 1)
end
assert(sum == 5000150000)
for _ = 1, 20 do
  assert(go.golib_work() == 1)
  assert(go.golib_fault() == 1)
  assert(go.golib_back(ffi.C.abs, 4) == 6)
  assert(not pcall(error, "an error of Lua"))
end
go.golib_env()
assert(ffi.C.setenv("OF_LUA", "lua", 1) == 0)
local child = io.popen("echo $OF_LUA")
assert(child:read("*l") == "lua" and child:close())
print("ok")
