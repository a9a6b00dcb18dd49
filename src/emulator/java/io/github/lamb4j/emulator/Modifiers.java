package io.github.lamb4j.emulator;

import java.util.ArrayList;
import java.util.List;

/** What follows an opcode's first word; each must be taken by someone who knows it. */
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

  /** The first of these that comes next, or null. */
  String takeAny(String... names) {
    for (String name : names) if (take(name)) return name;
    return null;
  }

  /** As {@link #takeAny}, but one must be there. */
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
