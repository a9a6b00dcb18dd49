package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.KernelBuilder.Place;
import io.github.lamb4j.emulator.KernelBuilder.Register;
import io.github.lamb4j.emulator.ParsedModule.Function;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The names of a kernel, or of one inlined call of a function, while its body is bound. */
final class Body {

  /** Registers {@code name<count>}. */
  private record Range(Type type, int count) {}

  /** The names declared between two braces. */
  private static final class Scope {
    final Map<String, Register> registers = new HashMap<>();
    final Map<String, Range> ranges = new HashMap<>();
    final Map<String, Place> arguments = new HashMap<>();
  }

  final Function function;

  /** The body that calls this one; null for a kernel. */
  final Body caller;

  /** The index of the instruction after the body. */
  final int end;

  /** Variables of the function, of its formal parameters and of the module. */
  final Map<String, Place> variables = new HashMap<>();

  private final KernelBuilder builder;
  private final Map<String, Integer> labels = new HashMap<>();
  private final Map<String, List<String>> branchTargets = new HashMap<>();
  private final Deque<Scope> scopes = new ArrayDeque<>();

  /**
   * @param start the index of its first instruction
   */
  Body(Function function, Body caller, int start, KernelBuilder builder) {
    this.function = function;
    this.caller = caller;
    this.builder = builder;
    this.end = findLabels(start);
    scopes.push(new Scope());
  }

  private int findLabels(int index) {
    for (Statement statement : function.body()) {
      if (statement instanceof Statement.Code code) {
        index += builder.calls.length(code, this);
      } else if (statement instanceof Statement.Label label) {
        if (labels.put(label.name(), index) != null) {
          throw EmulatorException.atLine(label.line(), "duplicate label " + label.name());
        }
      } else if (statement instanceof Statement.Targets targets) {
        branchTargets.put(targets.name(), targets.labels());
      }
    }
    return index;
  }

  void brace(boolean opens) {
    if (opens) scopes.push(new Scope());
    else scopes.pop();
  }

  void declare(Statement.Registers registers) {
    Scope scope = scopes.peek();
    if (registers.count() >= 0) {
      scope.ranges.put(registers.name(), new Range(registers.type(), registers.count()));
    } else {
      scope.registers.put(registers.name(), builder.newRegister(registers.type()));
    }
  }

  void declareArgument(String name, Place place) {
    scopes.peek().arguments.put(name, place);
  }

  /** The register of this name, or null. */
  Register register(String name) {
    for (Scope scope : scopes) {
      Register register = scope.registers.get(name);
      if (register != null) return register;
      int digits = name.length();
      while (digits > 0 && Character.isDigit(name.charAt(digits - 1))) digits--;
      Range declared = scope.ranges.get(name.substring(0, digits));
      if (declared != null && digits < name.length()) {
        if (Integer.parseInt(name.substring(digits)) < declared.count()) {
          register = builder.newRegister(declared.type());
          scope.registers.put(name, register);
          return register;
        }
      }
    }
    return null;
  }

  /** The variable of this name, or null. */
  Place variable(String name) {
    for (Scope scope : scopes) {
      Place place = scope.arguments.get(name);
      if (place != null) return place;
    }
    Place place = variables.get(name);
    if (place != null && place.fault() != null) throw place.fault();
    return place;
  }

  int label(String name) {
    Integer index = labels.get(name);
    if (index == null) throw new IllegalArgumentException("unknown label " + name);
    return index;
  }

  int[] branchTargets(String name) {
    List<String> names = branchTargets.get(name);
    if (names == null) throw new IllegalArgumentException("unknown branch targets " + name);
    return names.stream().mapToInt(this::label).toArray();
  }
}
