package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.Instruction.Flow;
import io.github.lamb4j.emulator.Kernel.Parameter;
import io.github.lamb4j.emulator.Kernel.SharedVariable;
import io.github.lamb4j.emulator.ParsedModule.Function;
import io.github.lamb4j.emulator.ParsedModule.Space;
import io.github.lamb4j.emulator.ParsedModule.Variable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Assigns registers, constants and variables of a kernel to slots, and binds instructions. */
final class KernelBuilder {

  static final int LANES = 32;

  /** Gap between shared variables, so that an access past the end of one is found. */
  private static final int SHARED_GAP = 64;

  private static final int FIRST_SHARED = 1024;
  private static final long POISON = 0xdead_beef_dead_beefL;

  /** A register: the slot of its first lane, or the number of a predicate. */
  record Register(int slot, Type type) {}

  /**
   * The address of a variable in its space.
   *
   * @param fault why the variable cannot be used, or null
   */
  record Place(Space space, long address, EmulatorException fault) {
    Place(Space space, long address) {
      this(space, address, null);
    }
  }

  final Function function;
  final Calls calls;
  private final List<Variable> moduleShared;
  private final Map<String, Place> global;
  private final ParsedModule module;
  private final List<Parameter> parameters = new ArrayList<>();
  private final List<SharedVariable> shared = new ArrayList<>();
  private final Map<Long, Integer> constants = new HashMap<>();
  private final Map<String, Integer> specials = new HashMap<>();
  private final List<Instruction> code = new ArrayList<>();
  private int registerCount;
  private int predicateCount;
  private final Map<Integer, Integer> constantPredicates = new HashMap<>();
  private int sharedEnd = FIRST_SHARED;
  private int staticSharedBytes;
  private int dynamicAlignment = 16;
  private int localBytes;
  private int parameterBytes;

  /** Shared variables by name: all bodies of a kernel see the same ones. */
  private final Map<String, Place> sharedPlaces = new HashMap<>();

  /** The kernel's body or the call that is being bound. */
  private Body body;

  KernelBuilder(
      Function function,
      ParsedModule module,
      List<Variable> moduleShared,
      Map<String, Place> global) {
    this.function = function;
    this.module = module;
    this.moduleShared = moduleShared;
    this.global = global;
    this.calls = new Calls(module);
    if (function.fault() != null) throw function.fault();
    placeShared();
    body = new Body(function, null, 0, this);
    body.variables.putAll(global);
    body.variables.putAll(sharedPlaces);
    function.parameters().forEach(this::placeParameter);
    bindBody();
    int end = code.isEmpty() ? function.line() : code.get(code.size() - 1).line();
    code.add(
        new Instruction(
            end, "(end)", -1, 0, Flow.EXIT, Operation.NOTHING, -1, -1, null, Operation.NOTHING));
  }

  private void bindBody() {
    for (Variable variable : body.function.variables()) {
      if (variable.space() == Space.LOCAL) {
        body.variables.put(variable.name(), new Place(Space.LOCAL, placeLocal(variable)));
      }
    }
    for (Statement statement : body.function.body()) {
      if (statement instanceof Statement.Registers registers) {
        body.declare(registers);
      } else if (statement instanceof Statement.Argument argument) {
        long address = Access.CALL_ARGUMENTS + placeLocal(argument.variable());
        body.declareArgument(argument.variable().name(), new Place(Space.PARAM, address));
      } else if (statement instanceof Statement.Brace brace) {
        body.brace(brace.opens());
      } else if (statement instanceof Statement.Code instruction) {
        if (Calls.isCall(instruction)) call(instruction);
        else code.add(bind(instruction));
      }
    }
  }

  private void call(Statement.Code call) {
    Function callee = calls.callee(call);
    if (callee.body() == null) {
      code.add(Instructions.unavailable(call, callee.name(), this));
      return;
    }
    Body caller = body;
    Body called = new Body(callee, caller, code.size() + 1, this);
    code.add(Instructions.skip(call, called.end, this));
    called.variables.putAll(global);
    called.variables.putAll(sharedPlaces);
    Calls.bind(call, called);
    body = called;
    bindBody();
    body = caller;
  }

  private void placeParameter(Variable variable) {
    int offset = roundUp(parameterBytes, variable.alignment());
    parameters.add(new Parameter(offset, (int) variable.bytes()));
    parameterBytes = offset + (int) variable.bytes();
    body.variables.put(variable.name(), new Place(Space.PARAM, offset));
  }

  private int placeLocal(Variable variable) {
    int offset = roundUp(localBytes, variable.alignment());
    localBytes = roundUp(offset + (int) variable.bytes(), 16);
    return offset;
  }

  /** Places the shared variables of the kernel and of all functions that it may call. */
  private void placeShared() {
    List<Variable> all = new ArrayList<>(moduleShared);
    List<Function> bodies = new ArrayList<>(module.functions());
    bodies.add(function);
    for (Function declared : bodies) all.addAll(declared.variables());
    all.removeIf(variable -> variable.space() != Space.SHARED || !isUsed(variable, bodies));
    for (Variable variable : all) {
      if (variable.bytes() < 0) dynamicAlignment = Math.max(dynamicAlignment, variable.alignment());
      else place(variable);
    }
    for (Variable variable : all) {
      if (variable.bytes() >= 0) continue;
      sharedPlaces.put(variable.name(), new Place(Space.SHARED, dynamicShared()));
    }
  }

  private static boolean isUsed(Variable variable, List<Function> bodies) {
    for (Function function : bodies) {
      if (function.body() == null) continue;
      for (Statement statement : function.body()) {
        if (statement instanceof Statement.Code code && code.text().contains(variable.name())) {
          return true;
        }
      }
    }
    return false;
  }

  private void place(Variable variable) {
    int bytes = (int) variable.bytes();
    int offset = roundUp(sharedEnd, variable.alignment());
    sharedPlaces.put(variable.name(), new Place(Space.SHARED, offset));
    shared.add(new SharedVariable(offset, bytes));
    sharedEnd = offset + bytes + SHARED_GAP;
    staticSharedBytes = roundUp(staticSharedBytes, variable.alignment()) + bytes;
  }

  private static int roundUp(int value, int alignment) {
    return (value + alignment - 1) / alignment * alignment;
  }

  Register newRegister(Type type) {
    return type == Type.PRED
        ? new Register(predicateCount++, type)
        : new Register(LANES * registerCount++, type);
  }

  private Instruction bind(Statement.Code instruction) {
    try {
      return Instructions.bind(instruction, this);
    } catch (IllegalArgumentException | IndexOutOfBoundsException | ClassCastException e) {
      throw EmulatorException.atLine(
          instruction.line(), "%s: %s".formatted(instruction.text(), e.getMessage()));
    }
  }

  // --- For operands -----------------------------------------------------------------------------

  /** The names that the instruction being bound may use. */
  Body names() {
    return body;
  }

  /** A constant register with these bits in all lanes. */
  int constant(long bits) {
    return constants.computeIfAbsent(bits, b -> LANES * registerCount++);
  }

  /** A constant predicate with this value in all lanes. */
  int constantPredicate(boolean value) {
    return constantPredicates.computeIfAbsent(value ? -1 : 0, b -> predicateCount++);
  }

  /** The slot of a special register. */
  int special(String name) {
    return specials.computeIfAbsent(name, n -> LANES * registerCount++);
  }

  /** A register that is never read. */
  Register sink(boolean predicate) {
    return newRegister(predicate ? Type.PRED : Type.B64);
  }

  // --- The result ------------------------------------------------------------------------------

  List<Parameter> parameters() {
    return List.copyOf(parameters);
  }

  int parameterBytes() {
    return parameterBytes;
  }

  List<SharedVariable> shared() {
    return List.copyOf(shared);
  }

  int staticSharedBytes() {
    return staticSharedBytes;
  }

  int dynamicShared() {
    return roundUp(sharedEnd, dynamicAlignment);
  }

  int localBytes() {
    return localBytes;
  }

  Instruction[] code() {
    return code.toArray(Instruction[]::new);
  }

  long[] registers() {
    long[] registers = new long[LANES * registerCount];
    Arrays.fill(registers, POISON);
    constants.forEach((bits, slot) -> Arrays.fill(registers, slot, slot + LANES, bits));
    return registers;
  }

  int[] predicates() {
    int[] predicates = new int[predicateCount];
    constantPredicates.forEach((lanes, slot) -> predicates[slot] = lanes);
    return predicates;
  }

  Map<String, Integer> specials() {
    return Map.copyOf(specials);
  }
}
