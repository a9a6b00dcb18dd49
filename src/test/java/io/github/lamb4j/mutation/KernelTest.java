package io.github.lamb4j.mutation;

import java.util.Set;

/**
 * A test of the kernels: one method, or one case of a parameterized method.
 *
 * @param id its unique id on the JUnit Platform
 * @param kernels the kernels that it launches
 * @param nanos its duration on the original kernels
 */
record KernelTest(String id, String name, Set<String> kernels, long nanos) {

  String line() {
    return String.join("\t", id, name, String.join(",", kernels), "" + nanos);
  }

  static KernelTest parse(String line) {
    String[] part = line.split("\t");
    return new KernelTest(part[0], part[1], Set.of(part[2].split(",")), Long.parseLong(part[3]));
  }
}
