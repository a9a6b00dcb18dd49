package io.github.lamb4j.emulator;

import java.util.List;

/**
 * A module as written.
 *
 * @param version the PTX version, times ten
 * @param target the lowest compute capability, times ten
 */
record ParsedModule(
    int version,
    int target,
    List<Variable> variables,
    List<Function> kernels,
    List<Function> functions) {

  /** The state space of a variable. */
  enum Space {
    GENERIC,
    GLOBAL,
    CONST,
    SHARED,
    LOCAL,
    PARAM
  }

  /**
   * A variable, or a kernel's parameter.
   *
   * @param bytes its size, or -1 for an array without one (dynamic shared memory)
   * @param initial its initial contents, or null
   * @param references the addresses in its initial contents
   * @param fault why its declaration could not be parsed, or null
   */
  record Variable(
      int line,
      Space space,
      Type type,
      String name,
      long bytes,
      int alignment,
      byte[] initial,
      List<Reference> references,
      EmulatorException fault) {}

  /** The address of a variable, plus an offset, at an index of some initial contents. */
  record Reference(int at, String name, long offset) {}

  /** The kernel with this name, or null. */
  Function kernel(String name) {
    for (Function kernel : kernels) if (kernel.name().equals(name)) return kernel;
    return null;
  }

  /** The device function with this name, or null; without a body if the module only declares it. */
  Function function(String name) {
    Function found = null;
    for (Function function : functions) {
      if (function.name().equals(name) && (found == null || function.body() != null)) {
        found = function;
      }
    }
    return found;
  }

  /**
   * A kernel or a device function.
   *
   * @param results at most one; none for a kernel
   * @param body its statements, or null for a function declared elsewhere
   * @param maxThreads the maximum number of threads per block, or 0 for no limit
   * @param exactThreads whether a block must have exactly that number of threads
   * @param fault why the body could not be parsed, or null
   */
  record Function(
      int line,
      String name,
      List<Variable> results,
      List<Variable> parameters,
      List<Variable> variables,
      List<Statement> body,
      int maxThreads,
      boolean exactThreads,
      EmulatorException fault) {}
}
