// SPDX-License-Identifier: BSD-3-Clause
// What makes the JVM use its signals: null pointers found by SIGSEGV, safepoints, stacks that
// overflow; and calls of Go from its threads.
public final class Work {
	private int field;

	static native int go(int n);

	private static int deep(int n) {
		return n <= 0 ? 0 : 1 + deep(n - 1);
	}

	private static int nulls(int n) {
		int found = 0;
		for (int i = 0; i < n; i++) {
			Work work = (i & 7) == 0 ? null : new Work();
			try {
				work.field = i;
			} catch (NullPointerException e) {
				found++;
			}
		}
		return found;
	}

	private static int overflows() {
		try {
			return deep(Integer.MAX_VALUE);
		} catch (StackOverflowError e) {
			return -1;
		}
	}

	private static final int[] right = new int[4];

	static int round() throws InterruptedException {
		Thread[] threads = new Thread[right.length];
		for (int i = 0; i < threads.length; i++) {
			final int at = i;
			right[at] = 0;
			threads[i] = new Thread(() -> {
				boolean ok = nulls(8000) == 1000 && go(at) == at + 1 && overflows() == -1;
				byte[][] garbage = new byte[64][];
				for (int n = 0; n < 2000; n++) {
					garbage[n & 63] = new byte[4096];
				}
				right[at] = ok ? 1 : 0;
			});
			threads[i].start();
		}
		int sum = 0;
		for (int i = 0; i < threads.length; i++) {
			threads[i].join();
			sum += right[i];
		}
		System.gc();
		return sum == threads.length ? 0 : -1;
	}
}
