package io.github.lamb4j.emulator;

import java.util.List;

/**
 * One statement of a kernel's body.
 *
 * @param line its line in the PTX text
 */
sealed interface Statement {
  int line();

  /** {@code name:}. */
  record Label(int line, String name) implements Statement {}

  /** An opening or a closing brace. */
  record Brace(int line, boolean opens) implements Statement {}

  /** {@code .reg .type name} or, with a count, {@code .reg .type name<count>}. */
  record Registers(int line, Type type, String name, int count) implements Statement {}

  /** {@code .param .type name;}: an argument or the result of a call. */
  record Argument(int line, ParsedModule.Variable variable) implements Statement {}

  /** {@code name: .branchtargets a, b, ...;}. */
  record Targets(int line, String name, List<String> labels) implements Statement {}

  /**
   * {@code @guard opcode operands;}.
   *
   * @param guard the guarding predicate or null
   * @param text as written, for messages
   */
  record Code(int line, Operand.Name guard, String opcode, List<Operand> operands, String text)
      implements Statement {}
}
