// C++: mangled names, functions inside classes, templates, lambdas, clones.
#include "shapes.h"

#include <algorithm>
#include <string>
#include <vector>

namespace outer
{
namespace
{
struct Hidden {
	int value;
	int twice() const { return mix(value, value); }
};
} // namespace

class Shape
{
      public:
	explicit Shape(int n) : size(n), name("shape") { sink += mix(n, 2); }
	virtual ~Shape() { sink -= size; }
	virtual int area() const { return clamp(size) * size; }
	template <typename T> T scaled(T by) const { return static_cast<T>(area()) * by; }
	static int count(const std::vector<int> &list);

      protected:
	int size;
	std::string name;
};

class Square : public Shape
{
      public:
	using Shape::Shape;
	int area() const override { return mix(size, Shape::area()); }
};

int
Shape::count(const std::vector<int> &list)
{
	struct Local {
		// Code inside of a type, for the compiler too.
		__attribute__((noinline)) static int of(int n) { return clamp(n) + mix(n, 3); }
	};
	int n = 0;

	for (int each : list) {
		n += Local::of(each);
	}
	return n;
}

template <int N>
int
unrolled(int n)
{
	return mix(n, N) + unrolled<N - 1>(n + 1);
}

template <>
int
unrolled<0>(int n)
{
	return clamp(n);
}
} // namespace outer

int
plus_entry(int n)
{
	std::vector<int> list;
	outer::Hidden hidden = {n};
	outer::Square square(n);
	auto twist = [&](int a, int b) { return mix(a, n) < mix(b, hidden.twice()); };

	for (int i = 0; i < n; i++) {
		list.push_back(outer::unrolled<5>(i));
	}
	std::sort(list.begin(), list.end(), twist);
	return outer::Shape::count(list) + square.scaled(2) + static_cast<int>(square.scaled(1.5));
}
