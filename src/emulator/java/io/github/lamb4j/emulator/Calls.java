package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.ParsedModule.Function;
import io.github.lamb4j.emulator.ParsedModule.Variable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Calls of device functions: each is replaced by the function's body, so recursion and calls
 * through pointers are not supported. The first instruction of a call skips it if its guard is
 * false. Arguments are passed by name: they live in the thread's local memory.
 *
 * <p>A function without a body, such as {@code vprintf}, is a fault if it is called.
 */
final class Calls {

  /**
   * More than any sensible kernel has; a chain of functions that call each other twice gets there.
   */
  private static final int MOST_INSTRUCTIONS = 1 << 20;

  private final ParsedModule module;
  private final Map<String, Integer> lengths = new HashMap<>();

  Calls(ParsedModule module) {
    this.module = module;
  }

  static boolean isCall(Statement.Code code) {
    return code.opcode().equals("call") || code.opcode().equals("call.uni");
  }

  /** The number of instructions that a statement becomes. */
  int length(Statement.Code code, Body caller) {
    if (!isCall(code)) return 1;
    Function callee = callee(code);
    if (callee.body() == null) return 1;
    for (Body body = caller; body != null; body = body.caller) {
      if (body.function == callee) throw refused(code, "recursive calls are not supported");
    }
    return 1 + length(callee, code);
  }

  private int length(Function function, Statement.Code from) {
    Integer known = lengths.get(function.name());
    if (known != null) {
      if (known < 0) throw refused(from, "recursive calls are not supported");
      return known;
    }
    lengths.put(function.name(), -1);
    int length = 0;
    for (Statement statement : function.body()) {
      if (!(statement instanceof Statement.Code code)) continue;
      Function callee = isCall(code) ? callee(code) : null;
      length += callee == null || callee.body() == null ? 1 : 1 + length(callee, code);
      if (length > MOST_INSTRUCTIONS) throw refused(from, "the inlined calls are too long");
    }
    lengths.put(function.name(), length);
    return length;
  }

  private static EmulatorException refused(Statement.Code call, String why) {
    return EmulatorException.atLine(call.line(), "%s: %s".formatted(call.text(), why));
  }

  /** The called function. */
  Function callee(Statement.Code call) {
    for (Operand operand : call.operands()) {
      if (!(operand instanceof Operand.Name name)) continue;
      Function callee = module.function(name.name());
      if (callee == null) throw refused(call, "calls through pointers are not supported");
      if (callee.fault() != null) throw callee.fault();
      return callee;
    }
    throw refused(call, "unknown kind of call");
  }

  /** Gives the formal results and parameters of a call the places of the actual ones. */
  static void bind(Statement.Code call, Body callee) {
    Function function = callee.function;
    List<Operand> operands = call.operands();
    boolean returns = operands.get(0) instanceof Operand.Vector;
    int arguments = returns ? 2 : 1;
    bind(call, callee, function.results(), returns ? operands.get(0) : null);
    boolean given = operands.size() > arguments;
    bind(call, callee, function.parameters(), given ? operands.get(arguments) : null);
  }

  private static void bind(
      Statement.Code call, Body callee, List<Variable> formal, Operand actual) {
    List<Operand> given = actual instanceof Operand.Vector list ? list.parts() : List.of();
    if (given.size() != formal.size()) {
      throw refused(call, "%d arguments for %d".formatted(given.size(), formal.size()));
    }
    for (int i = 0; i < formal.size(); i++) {
      KernelBuilder.Place place =
          given.get(i) instanceof Operand.Name name ? callee.caller.variable(name.name()) : null;
      if (place == null) throw refused(call, "arguments must be .param variables");
      callee.variables.put(formal.get(i).name(), place);
    }
  }
}
