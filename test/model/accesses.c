// SPDX-License-Identifier: BSD-3-Clause
// The functions that code compiled with -fsanitize=thread calls for its accesses.

#include "model_internal.h"

#define CALLER __builtin_return_address(0)
#define EXPORTED(type, name) \
	type __tsan_##name;  \
	type __tsan_##name

#define PLAIN(size)                                     \
	EXPORTED(void, read##size(void *at))            \
	{                                               \
		memory_plain(at, size, false, CALLER);  \
	}                                               \
	EXPORTED(void, write##size(void *at))           \
	{                                               \
		memory_plain(at, size, true, CALLER);   \
	}                                               \
	EXPORTED(void, unaligned_read##size(void *at))  \
	{                                               \
		memory_plain(at, size, false, CALLER);  \
	}                                               \
	EXPORTED(void, unaligned_write##size(void *at)) \
	{                                               \
		memory_plain(at, size, true, CALLER);   \
	}

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

EXPORTED(void, read_range(void *at, size_t size))
{
	memory_plain(at, (unsigned)size, false, CALLER);
}
EXPORTED(void, write_range(void *at, size_t size))
{
	memory_plain(at, (unsigned)size, true, CALLER);
}
EXPORTED(void, init(void))
{
}
EXPORTED(void, func_entry(void *pc))
{
	(void)pc;
}
EXPORTED(void, func_exit(void))
{
}
EXPORTED(void, atomic_thread_fence(int order))
{
	memory_fence(order);
}
EXPORTED(void, atomic_signal_fence(int order))
{
	(void)order;
}

#define MODIFY(bits, name, operation)                                                      \
	EXPORTED(uint##bits##_t,                                                           \
		atomic##bits##_##name(volatile void *at, uint##bits##_t value, int order)) \
	{                                                                                  \
		return (uint##bits##_t)memory_modify(                                      \
			(uintptr_t)at, bits / 8, operation, value, order, CALLER);         \
	}

#define ATOMIC(bits)                                                                             \
	EXPORTED(uint##bits##_t, atomic##bits##_load(const volatile void *at, int order))        \
	{                                                                                        \
		return (uint##bits##_t)memory_load((uintptr_t)at, bits / 8, order, CALLER);      \
	}                                                                                        \
	EXPORTED(void, atomic##bits##_store(volatile void *at, uint##bits##_t value, int order)) \
	{                                                                                        \
		memory_store((uintptr_t)at, bits / 8, value, order, CALLER);                     \
	}                                                                                        \
	MODIFY(bits, exchange, EXCHANGE)                                                         \
	MODIFY(bits, fetch_add, ADD)                                                             \
	MODIFY(bits, fetch_sub, SUB)                                                             \
	MODIFY(bits, fetch_and, AND)                                                             \
	MODIFY(bits, fetch_or, OR)                                                               \
	MODIFY(bits, fetch_xor, XOR)                                                             \
	MODIFY(bits, fetch_nand, NAND)                                                           \
	EXPORTED(int, atomic##bits##_compare_exchange_strong(volatile void *at, void *want,      \
			      uint##bits##_t value, int order, int fail_order))                  \
	{                                                                                        \
		uint##bits##_t *expected = want;                                                 \
		uint##bits##_t old = (uint##bits##_t)memory_compare(                             \
			(uintptr_t)at, bits / 8, *expected, value, order, fail_order, CALLER);   \
		bool same = old == *expected;                                                    \
		*expected = old;                                                                 \
		return same;                                                                     \
	}                                                                                        \
	EXPORTED(uint##bits##_t,                                                                 \
		atomic##bits##_compare_exchange_val(volatile void *at, uint##bits##_t want,      \
			uint##bits##_t value, int order, int fail_order))                        \
	{                                                                                        \
		return (uint##bits##_t)memory_compare(                                           \
			(uintptr_t)at, bits / 8, want, value, order, fail_order, CALLER);        \
	}

ATOMIC(8)
ATOMIC(16)
ATOMIC(32)
ATOMIC(64)
