// SPDX-License-Identifier: BSD-3-Clause
// A JVM loads Go by JNI: calls on many threads, null pointers and deep recursion, which the JVM finds
// by SIGSEGV, Signal.handle, and a shutdown hook that calls Go.
public class All {
	static native int add(int a, int b);
	static native int work();

	static volatile int signals;
	static Object nothing;

	static int deep(int n) {
		return 1 + deep(n + 1);
	}

	static void stress() {
		int nulls = 0, overflows = 0;
		for (int i = 0; i < 20000; i++) {
			try {
				nothing.hashCode();
			} catch (NullPointerException e) {
				nulls++;
			}
		}
		for (int i = 0; i < 30; i++) {
			try {
				deep(0);
			} catch (StackOverflowError e) {
				overflows++;
			}
		}
		check(nulls == 20000 && overflows == 30, "stress");
		check(work() == 1, "work");
	}

	static void check(boolean good, String what) {
		if (!good) {
			System.out.println("failed: " + what);
			Runtime.getRuntime().halt(1);
		}
	}

	public static void main(String[] args) throws Exception {
		sun.misc.Signal winch = new sun.misc.Signal("WINCH");
		sun.misc.SignalHandler before = sun.misc.Signal.handle(winch, s -> signals++);
		System.load(args[0]);
		check(add(2, 3) == 5, "add");
		Thread[] threads = new Thread[4];
		for (int i = 0; i < threads.length; i++) {
			threads[i] = new Thread(All::stress);
			threads[i].start();
		}
		for (Thread t : threads) {
			t.join();
		}
		sun.misc.Signal.raise(winch);
		while (signals == 0) {
			Thread.sleep(1);
		}
		sun.misc.Signal.handle(winch, before);
		sun.misc.SignalHandler ours = s -> { };
		check(sun.misc.Signal.handle(winch, ours) == before, "Signal.handle");
		check(sun.misc.Signal.handle(winch, before) == ours, "Signal.handle back");
		Runtime.getRuntime().addShutdownHook(new Thread(() -> {
			if (add(20, 22) == 42 && work() == 1) {
				System.out.println("ok");
				System.out.flush();
			}
		}));
		new ProcessBuilder("/bin/kill", "-TERM", "" + ProcessHandle.current().pid()).start();
		Thread.sleep(60000);
	}
}
