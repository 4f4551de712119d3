// SPDX-License-Identifier: BSD-3-Clause
/** A JVM that loads a Go library through JNI. A thread waits in C that Go called. */
public class Host {
	static native void enter();

	static void work() {
		enter();
	}

	public static void main(String[] args) throws Exception {
		System.load(args[0]);
		Thread t = new Thread(Host::work, "worker");
		t.setDaemon(true);
		t.start();
		Thread.sleep(1000);
		System.out.println("ready");
		System.in.read();
	}
}
