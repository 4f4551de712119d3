// SPDX-License-Identifier: BSD-3-Clause
// A JVM loads Go by its foreign function interface (Java 22 and later), with a callback on Go's threads.
import java.lang.foreign.*;
import java.lang.invoke.*;

public class Panama {
	static int square(int i) {
		return i * i;
	}

	public static void main(String[] args) throws Throwable {
		Linker linker = Linker.nativeLinker();
		ValueLayout.OfInt word = ValueLayout.JAVA_INT;
		SymbolLookup go = SymbolLookup.libraryLookup(args[0], Arena.global());
		MethodHandle add = linker.downcallHandle(go.find("golib_add").get(), FunctionDescriptor.of(word, word, word));
		MethodHandle work = linker.downcallHandle(go.find("golib_work").get(), FunctionDescriptor.of(word));
		MethodHandle fault = linker.downcallHandle(go.find("golib_fault").get(), FunctionDescriptor.of(word));
		MethodHandle back = linker.downcallHandle(go.find("golib_back").get(),
			FunctionDescriptor.of(word, ValueLayout.ADDRESS, word));
		MemorySegment stub = linker.upcallStub(MethodHandles.lookup().findStatic(Panama.class, "square",
			MethodType.methodType(int.class, int.class)), FunctionDescriptor.of(word, word), Arena.global());
		if ((int) add.invokeExact(2, 3) == 5 && (int) work.invokeExact() == 1 && (int) fault.invokeExact() == 1
			&& (int) back.invokeExact(stub, 5) == 30) {
			System.out.println("ok");
		}
	}
}
