package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.Instruction.Flow;
import io.github.lamb4j.emulator.KernelBuilder.Register;
import io.github.lamb4j.emulator.WarpInstructions.Bound;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * All supported instructions. Arithmetic instructions are in one table under their full names;
 * those with many optional modifiers parse them one by one. Anything else is an error.
 */
final class Instructions {

  private static final Map<String, Function<Operands, Operation>> COMPUTATIONS = new HashMap<>();

  static {
    IntegerInstructions.addTo(COMPUTATIONS);
    FloatInstructions.addTo(COMPUTATIONS);
    ApproximateInstructions.addTo(COMPUTATIONS);
    HalfInstructions.addTo(COMPUTATIONS);
    ConversionInstructions.addTo(COMPUTATIONS);
    PredicateInstructions.addTo(COMPUTATIONS);
    MoveInstructions.addTo(COMPUTATIONS);
  }

  private Instructions() {}

  static Instruction bind(Statement.Code code, KernelBuilder builder) {
    Operands operands = new Operands(code.operands(), builder);
    int guard = guard(code, builder);
    int flip = code.guard() != null && code.guard().negated() ? -1 : 0;
    Modifiers modifiers = new Modifiers(code.opcode());
    String word = code.opcode().split("\\.")[0];
    Bound bound = together(word, modifiers, operands);
    if (bound != null) {
      return new Instruction(
          code.line(),
          code.text(),
          guard,
          flip,
          bound.flow(),
          bound.operation(),
          bound.slot(),
          bound.count(),
          null,
          bound.after());
    }
    Flow flow = flow(word);
    int[] targets = null;
    boolean returns = word.equals("ret") && builder.names().caller != null;
    int slot = -1;
    Operation operation = Operation.NOTHING;
    switch (flow) {
      case BRANCH -> {
        modifiers.take("uni");
        modifiers.expectNone();
        operands.expect(1);
        targets = new int[] {builder.names().label(operands.name(0))};
      }
      case INDEXED_BRANCH -> {
        modifiers.takeOne("idx");
        modifiers.take("uni");
        modifiers.expectNone();
        operands.expect(2);
        slot = operands.source(0, Type.U32);
        targets = builder.names().branchTargets(operands.name(1));
      }
      case EXIT -> {
        modifiers.take("uni");
        modifiers.expectNone();
        operands.expect(0);
        if (returns) targets = new int[] {builder.names().end};
      }
      default -> operation = operation(word, code.opcode(), modifiers, operands);
    }
    return new Instruction(
        code.line(),
        code.text(),
        guard,
        flip,
        returns ? Flow.BRANCH : flow,
        operation,
        slot,
        -1,
        targets,
        Operation.NOTHING);
  }

  private static int guard(Statement.Code code, KernelBuilder builder) {
    if (code.guard() == null) return -1;
    Register register = builder.names().register(code.guard().name());
    if (register == null || register.type() != Type.PRED) {
      throw new IllegalArgumentException(code.guard().name() + " is not a predicate");
    }
    return register.slot();
  }

  /** The first instruction of an inlined call: branches past it if the call's guard is false. */
  static Instruction skip(Statement.Code call, int end, KernelBuilder builder) {
    int guard = guard(call, builder);
    Flow flow = guard < 0 ? Flow.NEXT : Flow.BRANCH;
    int flip = guard >= 0 && !call.guard().negated() ? -1 : 0;
    return new Instruction(
        call.line(),
        call.text(),
        guard,
        flip,
        flow,
        Operation.NOTHING,
        -1,
        -1,
        new int[] {end},
        Operation.NOTHING);
  }

  /** A call of a function that the module only declares. */
  static Instruction unavailable(Statement.Code call, String function, KernelBuilder builder) {
    String what =
        function.equals("__assertfail")
            ? "assertion failed"
            : "calls %s, which the emulator does not provide".formatted(function);
    int flip = call.guard() != null && call.guard().negated() ? -1 : 0;
    Operation fault =
        (warp, lanes) -> {
          throw warp.fault(Integer.numberOfTrailingZeros(lanes), what);
        };
    return new Instruction(
        call.line(),
        call.text(),
        guard(call, builder),
        flip,
        Flow.NEXT,
        fault,
        -1,
        -1,
        null,
        Operation.NOTHING);
  }

  private static Flow flow(String word) {
    return switch (word) {
      case "bra" -> Flow.BRANCH;
      case "brx" -> Flow.INDEXED_BRANCH;
      case "ret", "exit" -> Flow.EXIT;
      case "nanosleep" -> Flow.YIELD;
      default -> Flow.NEXT;
    };
  }

  private static Bound together(String word, Modifiers modifiers, Operands operands) {
    return switch (word) {
      case "bar", "barrier" -> WarpInstructions.barrier(modifiers, operands);
      case "shfl" -> WarpInstructions.shuffle(modifiers, operands);
      case "vote" -> WarpInstructions.vote(modifiers, operands);
      case "match" -> WarpInstructions.match(modifiers, operands);
      case "redux" -> WarpInstructions.reduce(modifiers, operands);
      default -> null;
    };
  }

  private static Operation operation(
      String word, String opcode, Modifiers modifiers, Operands operands) {
    return switch (word) {
      case "ld" -> MemoryInstructions.load(modifiers, operands);
      case "st" -> MemoryInstructions.store(modifiers, operands);
      case "atom" -> AtomicInstructions.bind(modifiers, operands, true);
      case "red" -> AtomicInstructions.bind(modifiers, operands, false);
      case "cp" -> MemoryInstructions.asyncCopy(modifiers, operands);
      case "prefetch" -> MemoryInstructions.prefetch(modifiers, operands);
      case "createpolicy" -> MemoryInstructions.createPolicy(modifiers, operands);
      case "fence" -> WarpInstructions.fence(modifiers, operands);
      case "membar" -> WarpInstructions.memoryBarrier(modifiers, operands);
      case "activemask" -> WarpInstructions.activeMask(modifiers, operands);
      case "nanosleep" -> {
        modifiers.takeOne("u32");
        modifiers.expectNone();
        operands.expect(1);
        operands.source(0, Type.U32);
        yield Operation.NOTHING;
      }
      case "trap", "brkpt" -> {
        modifiers.expectNone();
        yield (warp, lanes) -> {
          throw warp.fault(Integer.numberOfTrailingZeros(lanes), word);
        };
      }
      default -> {
        Function<Operands, Operation> computation = COMPUTATIONS.get(opcode);
        if (computation == null) {
          throw new IllegalArgumentException("unknown instruction " + opcode);
        }
        yield computation.apply(operands);
      }
    };
  }

  // --- Entries of the tables ---------------------------------------------------------------------

  interface Unary {
    long apply(long a);
  }

  interface Binary {
    long apply(long a, long b);
  }

  interface Ternary {
    long apply(long a, long b, long c);
  }

  /** {@code d, a}: the operand is extended from its type, the result truncated to its own. */
  static Function<Operands, Operation> unary(Type result, Type a, Unary f) {
    return operands -> {
      operands.expect(2);
      int to = operands.target(0);
      int from = operands.source(1, a);
      long mask = result.mask;
      return (warp, lanes) -> {
        long[] r = warp.registers;
        for (int rest = lanes; rest != 0; rest &= rest - 1) {
          int l = Integer.numberOfTrailingZeros(rest);
          r[to + l] = f.apply(a.extend(r[from + l])) & mask;
        }
      };
    };
  }

  static Function<Operands, Operation> binary(Type result, Type a, Type b, Binary f) {
    return operands -> {
      operands.expect(3);
      int to = operands.target(0);
      int first = operands.source(1, a);
      int second = operands.source(2, b);
      long mask = result.mask;
      return (warp, lanes) -> {
        long[] r = warp.registers;
        for (int rest = lanes; rest != 0; rest &= rest - 1) {
          int l = Integer.numberOfTrailingZeros(rest);
          r[to + l] = f.apply(a.extend(r[first + l]), b.extend(r[second + l])) & mask;
        }
      };
    };
  }

  static Function<Operands, Operation> ternary(Type result, Type a, Type b, Type c, Ternary f) {
    return operands -> {
      operands.expect(4);
      int to = operands.target(0);
      int first = operands.source(1, a);
      int second = operands.source(2, b);
      int third = operands.source(3, c);
      long mask = result.mask;
      return (warp, lanes) -> {
        long[] r = warp.registers;
        for (int rest = lanes; rest != 0; rest &= rest - 1) {
          int l = Integer.numberOfTrailingZeros(rest);
          long x = a.extend(r[first + l]);
          r[to + l] = f.apply(x, b.extend(r[second + l]), c.extend(r[third + l])) & mask;
        }
      };
    };
  }
}
