package io.github.lamb4j.emulator;

import java.util.ArrayList;
import java.util.List;

/** The modifiers of an opcode. Each must be consumed, or the instruction is unknown. */
final class Modifiers {

  final String opcode;
  private final List<String> left;

  Modifiers(String opcode) {
    this.opcode = opcode;
    this.left = new ArrayList<>(List.of(opcode.split("\\.")));
    left.remove(0);
  }

  boolean take(String name) {
    boolean first = !left.isEmpty() && left.get(0).equals(name);
    if (first) left.remove(0);
    return first;
  }

  /** Takes the next modifier if it is one of these; null otherwise. */
  String takeAny(String... names) {
    for (String name : names) if (take(name)) return name;
    return null;
  }

  /** Like {@link #takeAny}, but fails if the next modifier is none of these. */
  String takeOne(String... names) {
    String taken = takeAny(names);
    if (taken == null) throw unknown();
    return taken;
  }

  Type takeType() {
    Type type = left.isEmpty() ? null : Type.named(left.get(0));
    if (type == null) throw unknown();
    left.remove(0);
    return type;
  }

  void expectNone() {
    if (!left.isEmpty()) throw unknown();
  }

  IllegalArgumentException unknown() {
    return new IllegalArgumentException(
        left.isEmpty()
            ? "unknown instruction " + opcode
            : "unknown instruction %s (at .%s)".formatted(opcode, left.get(0)));
  }
}
