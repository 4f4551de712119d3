// SPDX-License-Identifier: BSD-3-Clause
// C++ that throws and catches exceptions continuously.
#include <chrono>
#include <stdexcept>
#include <string>

extern "C" long exceptions(int ms);

static int sink;

__attribute__((noinline)) static void
thrower(int depth)
{
	std::string local(static_cast<size_t>(depth % 40 + 20), 'x');

	if (depth <= 0) {
		throw std::runtime_error("x");
	}
	thrower(depth - 1);
	sink += static_cast<int>(local.size());
}

long
exceptions(int ms)
{
	auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
	long caught = 0;

	while (std::chrono::steady_clock::now() < end) {
		for (int i = 0; i < 100; i++) {
			try {
				thrower(i % 8);
			} catch (const std::exception &) {
				caught++;
			}
		}
	}
	return caught;
}
