// SPDX-License-Identifier: BSD-3-Clause
// Stress: a program that throws and catches exceptions continuously. While libgcc unwinds, its own
// unwind tables are wrong for a few instructions, and unwinders that trust them crash.

#include <ctime>
#include <stdexcept>
#include <string>

struct noisy {
	std::string name;
	explicit noisy(int n) : name("a name that needs memory " + std::to_string(n))
	{
	}
	~noisy()
	{
		name.clear();
	}
};

__attribute__((noinline)) static int
thrower(int n)
{
	noisy keep(n);

	if (n == 0) {
		throw std::runtime_error(keep.name);
	}
	return thrower(n - 1) + 1;
}

int
main()
{
	std::time_t end = std::time(nullptr) + 2;
	unsigned caught = 0;

	while (std::time(nullptr) < end) {
		for (int i = 0; i < 100; i++) {
			try {
				thrower(i % 20);
			} catch (const std::exception &e) {
				caught += e.what()[0] != 0;
			}
		}
	}
	return caught == 0;
}
