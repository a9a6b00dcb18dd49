package io.github.lamb4j.tools.progress;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;

/** Tells a terminal from a file or a pipe. */
final class Terminal {

  private Terminal() {}

  /**
   * Whether this process has a terminal.
   *
   * @param type {@code java.io.Console}
   * @param console {@code System.console()}
   */
  static boolean isTerminal(Class<?> type, Object console) {
    if (console == null) {
      return false;
    }
    // Since Java 22 there may be a console without a terminal, and a method that tells.
    try {
      Method isTerminal = type.getMethod("isTerminal");
      return (boolean) isTerminal.invoke(console);
    } catch (NoSuchMethodException e) {
      return true;
    } catch (IllegalAccessException | InvocationTargetException e) {
      return false; // lines suit any output
    }
  }
}
