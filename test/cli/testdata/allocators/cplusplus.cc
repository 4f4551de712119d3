// SPDX-License-Identifier: BSD-3-Clause
#include <new>
#include <string>
#include <thread>

#include "allocators.h"

extern "C" {

WAY void
by_new(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		keep(::operator new(SIZE), SIZE);
		// A block of each kind that is freed by its own delete.
		delete[] new char[SIZE];
		::operator delete(::operator new(SIZE), (size_t)SIZE);
	}
}

WAY void
by_new_nothrow(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		keep(::operator new(SIZE, std::nothrow), SIZE);
	}
}

WAY void
by_new_aligned(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		void *p = ::operator new(SIZE, (std::align_val_t)256);

		expect((size_t)p % 256 == 0, "an aligned new is aligned");
		keep(p, SIZE);
		p = ::operator new(SIZE, (std::align_val_t)256);
		::operator delete(p, (std::align_val_t)256);
	}
}

// Its destructor runs when the thread ends.
struct ending {
	std::string text;

	~ending()
	{
		text = std::string();
	}
};

WAY void
by_thread_local(void)
{
	static thread_local ending mine;

	mine.text = std::string(SIZE, 'x');
}

WAY void
too_much(void)
{
	volatile size_t most = (size_t)-1 / 4;
	bool thrown = false;

	try {
		expect(::operator new(most) == nullptr, "there is not so much memory");
	} catch (const std::bad_alloc &) {
		thrown = true;
	}
	expect(thrown, "new throws when there is no memory");
	expect(::operator new(most, std::nothrow) == nullptr, "new(nothrow) fails");
}

void
run_cplusplus(int glibc)
{
	by_new();
	by_new_nothrow();
	by_new_aligned();
	// Other allocators have operator new themselves, so that new is not in the profile.
	if (glibc) {
		want("by_new", SIZE * BLOCKS);
		want("by_new_nothrow", SIZE * BLOCKS);
		// libstdc++ rounds the size up.
		want("by_new_aligned", (size_t)512 * BLOCKS);
		too_much();
	}
	for (int i = 0; i < BLOCKS; i++) {
		std::thread(by_thread_local).join();
	}
	want("by_thread_local", 0);
}
}
