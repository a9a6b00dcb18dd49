package io.github.lamb4j.sharding;

import java.util.function.Supplier;

/** Explains the absence of JNA, an optional dependency. */
final class Jna {

  private Jna() {}

  /** {@return what the action returns, which uses JNA} */
  static <T> T required(String library, Supplier<T> action) {
    try {
      return action.get();
    } catch (NoClassDefFoundError e) {
      if (String.valueOf(e.getMessage()).replace('/', '.').contains("com.sun.jna")) {
        throw new IllegalStateException(
            library + " needs JNA: add net.java.dev.jna:jna to the program's dependencies", e);
      }
      throw e;
    }
  }
}
