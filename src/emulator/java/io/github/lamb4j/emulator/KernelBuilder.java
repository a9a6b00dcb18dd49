package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.Instruction.Flow;
import io.github.lamb4j.emulator.Kernel.Parameter;
import io.github.lamb4j.emulator.Kernel.SharedVariable;
import io.github.lamb4j.emulator.ParsedModule.Function;
import io.github.lamb4j.emulator.ParsedModule.Space;
import io.github.lamb4j.emulator.ParsedModule.Variable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
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

  /** The address of a variable in its space. */
  record Place(Space space, long address) {}

  /** Registers {@code name<count>}. */
  private record Range(Type type, int count) {}

  final Function function;
  private final Map<String, Place> variables = new HashMap<>();
  private final List<Parameter> parameters = new ArrayList<>();
  private final List<SharedVariable> shared = new ArrayList<>();
  private final Map<String, Integer> labels = new HashMap<>();
  private final Map<String, List<String>> branchTargets = new HashMap<>();
  private final Deque<Map<String, Register>> scopes = new ArrayDeque<>();
  private final Deque<Map<String, Range>> ranges = new ArrayDeque<>();
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

  KernelBuilder(
      Function function,
      ParsedModule module,
      List<Variable> moduleShared,
      Map<String, Place> global) {
    this.function = function;
    if (function.fault() != null) throw function.fault();
    variables.putAll(global);
    function.parameters().forEach(this::placeParameter);
    List<Variable> all = new ArrayList<>(moduleShared);
    all.addAll(function.variables());
    all.stream().filter(variable -> variable.bytes() >= 0).forEach(this::placeVariable);
    for (Variable variable : all) {
      if (variable.bytes() >= 0) continue;
      dynamicAlignment = Math.max(dynamicAlignment, variable.alignment());
    }
    for (Variable variable : all) {
      if (variable.bytes() >= 0) continue;
      variables.put(variable.name(), new Place(Space.SHARED, dynamicShared()));
    }
    findLabels();
    scopes.push(new HashMap<>());
    ranges.push(new HashMap<>());
    for (Statement statement : function.body()) {
      if (statement instanceof Statement.Registers registers) {
        declare(registers);
      } else if (statement instanceof Statement.Brace brace) {
        if (brace.opens()) {
          scopes.push(new HashMap<>());
          ranges.push(new HashMap<>());
        } else {
          scopes.pop();
          ranges.pop();
        }
      } else if (statement instanceof Statement.Code instruction) {
        code.add(bind(instruction));
      }
    }
    int end = code.isEmpty() ? function.line() : code.get(code.size() - 1).line();
    code.add(
        new Instruction(
            end, "(end)", -1, 0, Flow.EXIT, Operation.NOTHING, -1, -1, null, Operation.NOTHING));
  }

  private void placeParameter(Variable variable) {
    int offset = roundUp(parameterBytes, variable.alignment());
    parameters.add(new Parameter(offset, (int) variable.bytes()));
    parameterBytes = offset + (int) variable.bytes();
    variables.put(variable.name(), new Place(Space.PARAM, offset));
  }

  private void placeVariable(Variable variable) {
    int bytes = (int) variable.bytes();
    if (variable.space() == Space.LOCAL) {
      int offset = roundUp(localBytes, variable.alignment());
      variables.put(variable.name(), new Place(Space.LOCAL, offset));
      localBytes = roundUp(offset + bytes, 16);
    } else {
      int offset = roundUp(sharedEnd, variable.alignment());
      variables.put(variable.name(), new Place(Space.SHARED, offset));
      shared.add(new SharedVariable(offset, bytes));
      sharedEnd = offset + bytes + SHARED_GAP;
      staticSharedBytes = roundUp(staticSharedBytes, variable.alignment()) + bytes;
    }
  }

  private static int roundUp(int value, int alignment) {
    return (value + alignment - 1) / alignment * alignment;
  }

  private void findLabels() {
    int index = 0;
    for (Statement statement : function.body()) {
      if (statement instanceof Statement.Code) {
        index++;
      } else if (statement instanceof Statement.Label label) {
        if (labels.put(label.name(), index) != null) {
          throw EmulatorException.atLine(label.line(), "duplicate label " + label.name());
        }
      } else if (statement instanceof Statement.Targets targets) {
        branchTargets.put(targets.name(), targets.labels());
      }
    }
  }

  private void declare(Statement.Registers registers) {
    if (registers.count() >= 0) {
      ranges.peek().put(registers.name(), new Range(registers.type(), registers.count()));
    } else {
      scopes.peek().put(registers.name(), newRegister(registers.type()));
    }
  }

  private Register newRegister(Type type) {
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

  /** The register of this name, or null. */
  Register register(String name) {
    var scope = scopes.iterator();
    var range = ranges.iterator();
    while (scope.hasNext()) {
      Map<String, Register> registers = scope.next();
      Register register = registers.get(name);
      if (register != null) return register;
      int digits = name.length();
      while (digits > 0 && Character.isDigit(name.charAt(digits - 1))) digits--;
      Range declared = range.next().get(name.substring(0, digits));
      if (declared != null && digits < name.length()) {
        if (Integer.parseInt(name.substring(digits)) < declared.count()) {
          register = newRegister(declared.type());
          registers.put(name, register);
          return register;
        }
      }
    }
    return null;
  }

  /** The variable of this name, or null. */
  Place variable(String name) {
    return variables.get(name);
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
