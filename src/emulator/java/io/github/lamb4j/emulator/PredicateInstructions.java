package io.github.lamb4j.emulator;

import static io.github.lamb4j.emulator.MemoryInstructions.forLanes;

import io.github.lamb4j.emulator.Operands.PredicateSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Comparisons, selections and predicate logic. */
final class PredicateInstructions {

  private interface Test {
    boolean test(long a, long b);
  }

  interface FloatTest {
    boolean test(double a, double b);
  }

  private interface Logic {
    int apply(int a, int b);
  }

  private static final List<Type> SELECTABLE =
      List.of(
          Type.B16, Type.U16, Type.S16, Type.B32, Type.U32, Type.S32, Type.F32, Type.B64, Type.U64,
          Type.S64, Type.F64);

  private static final Map<String, Test> SIGNED = new LinkedHashMap<>();
  private static final Map<String, Test> UNSIGNED = new LinkedHashMap<>();
  static final Map<String, FloatTest> FLOATING = new LinkedHashMap<>();

  static {
    SIGNED.put("eq", (a, b) -> a == b);
    SIGNED.put("ne", (a, b) -> a != b);
    SIGNED.put("lt", (a, b) -> a < b);
    SIGNED.put("le", (a, b) -> a <= b);
    SIGNED.put("gt", (a, b) -> a > b);
    SIGNED.put("ge", (a, b) -> a >= b);

    UNSIGNED.put("eq", (a, b) -> a == b);
    UNSIGNED.put("ne", (a, b) -> a != b);
    for (String lt : List.of("lt", "lo")) {
      UNSIGNED.put(lt, (a, b) -> Long.compareUnsigned(a, b) < 0);
    }
    for (String le : List.of("le", "ls")) {
      UNSIGNED.put(le, (a, b) -> Long.compareUnsigned(a, b) <= 0);
    }
    for (String gt : List.of("gt", "hi")) {
      UNSIGNED.put(gt, (a, b) -> Long.compareUnsigned(a, b) > 0);
    }
    for (String ge : List.of("ge", "hs")) {
      UNSIGNED.put(ge, (a, b) -> Long.compareUnsigned(a, b) >= 0);
    }

    FLOATING.put("eq", (a, b) -> a == b);
    FLOATING.put("ne", (a, b) -> a < b || a > b);
    FLOATING.put("lt", (a, b) -> a < b);
    FLOATING.put("le", (a, b) -> a <= b);
    FLOATING.put("gt", (a, b) -> a > b);
    FLOATING.put("ge", (a, b) -> a >= b);
    FLOATING.put("equ", (a, b) -> !(a < b || a > b));
    FLOATING.put("neu", (a, b) -> a != b);
    FLOATING.put("ltu", (a, b) -> !(a >= b));
    FLOATING.put("leu", (a, b) -> !(a > b));
    FLOATING.put("gtu", (a, b) -> !(a <= b));
    FLOATING.put("geu", (a, b) -> !(a < b));
    FLOATING.put("num", (a, b) -> a == a && b == b);
    FLOATING.put("nan", (a, b) -> a != a || b != b);
  }

  private PredicateInstructions() {}

  static void addTo(Map<String, Function<Operands, Operation>> table) {
    comparisons(table);
    selections(table);
    Logic and = (a, b) -> a & b;
    table.put("and.pred", operands -> logic(operands, and));
    table.put("or.pred", operands -> logic(operands, (a, b) -> a | b));
    table.put("xor.pred", operands -> logic(operands, (a, b) -> a ^ b));
    table.put("not.pred", operands -> negation(operands, -1));
    table.put("mov.pred", operands -> negation(operands, 0));
    for (Type type : List.of(Type.F32, Type.F64)) {
      FloatTest finite = (a, b) -> Math.abs(a) < Double.POSITIVE_INFINITY;
      classify(table, "finite", type, finite);
      classify(table, "infinite", type, (a, b) -> Double.isInfinite(a));
      classify(table, "number", type, (a, b) -> a == a);
      classify(table, "notanumber", type, (a, b) -> a != a);
      double least = type == Type.F32 ? Float.MIN_NORMAL : Double.MIN_NORMAL;
      classify(table, "normal", type, (a, b) -> finite.test(a, b) && Math.abs(a) >= least);
      classify(table, "subnormal", type, (a, b) -> Math.abs(a) < least && a != 0);
    }
  }

  private static void comparisons(Map<String, Function<Operands, Operation>> table) {
    List<Type> unsigned = new ArrayList<>(Type.UNSIGNED);
    for (Type type : Type.BITS) {
      for (String name : List.of("eq", "ne")) compare(table, name, type, UNSIGNED.get(name));
    }
    for (Type type : unsigned) UNSIGNED.forEach((name, test) -> compare(table, name, type, test));
    for (Type type : Type.SIGNED) SIGNED.forEach((name, test) -> compare(table, name, type, test));
    for (Type type : List.of(Type.F16, Type.BF16, Type.F32, Type.F64)) {
      FLOATING.forEach((name, test) -> compare(table, name, type, onBits(test, type)));
    }
    FLOATING.forEach(
        (name, test) -> {
          Test onBits = onBits(test, Type.F32);
          compare(
              table,
              name,
              ".ftz",
              Type.F32,
              (a, b) ->
                  onBits.test(FloatInstructions.flushBits(a), FloatInstructions.flushBits(b)));
        });
  }

  private static void compare(
      Map<String, Function<Operands, Operation>> table, String name, Type type, Test test) {
    compare(table, name, "", type, test);
  }

  private static Test onBits(FloatTest test, Type type) {
    return (a, b) -> test.test(Floats.decode(a, type), Floats.decode(b, type));
  }

  private static void compare(
      Map<String, Function<Operands, Operation>> table,
      String name,
      String flush,
      Type type,
      Test test) {
    String suffix = flush + "." + type;
    table.put("setp.%s%s".formatted(name, suffix), operands -> setp(operands, type, test, null));
    Map<String, Logic> logics =
        Map.of("and", (a, b) -> a & b, "or", (a, b) -> a | b, "xor", (a, b) -> a ^ b);
    logics.forEach(
        (word, logic) ->
            table.put(
                "setp.%s.%s%s".formatted(name, word, suffix),
                operands -> setp(operands, type, test, logic)));
    for (Type result : List.of(Type.U32, Type.S32, Type.F32)) {
      long yes = result == Type.F32 ? Float.floatToRawIntBits(1) : result.mask;
      table.put(
          "set.%s%s.%s.%s".formatted(name, flush, result, type),
          Instructions.binary(result, type, type, (a, b) -> test.test(a, b) ? yes : 0));
    }
  }

  private static Operation setp(Operands operands, Type type, Test test, Logic logic) {
    operands.expect(logic == null ? 3 : 4);
    int[] targets = operands.targetPredicates(0);
    int first = operands.source(1, type);
    int second = operands.source(2, type);
    PredicateSource third = logic == null ? null : operands.predicate(3);
    return (warp, lanes) -> {
      long[] r = warp.registers;
      int yes = 0;
      for (int rest = lanes; rest != 0; rest &= rest - 1) {
        int l = Integer.numberOfTrailingZeros(rest);
        if (test.test(type.extend(r[first + l]), type.extend(r[second + l]))) yes |= 1 << l;
      }
      int no = ~yes;
      if (logic != null) {
        int c = third.read(warp);
        yes = logic.apply(yes, c);
        no = logic.apply(no, c);
      }
      set(warp, targets[0], lanes, yes);
      if (targets[1] >= 0) set(warp, targets[1], lanes, no);
    };
  }

  private static void set(Warp warp, int target, int lanes, int values) {
    warp.predicates[target] = warp.predicates[target] & ~lanes | values & lanes;
  }

  private static void classify(
      Map<String, Function<Operands, Operation>> table, String name, Type type, FloatTest test) {
    Test onBits = onBits(test, type);
    table.put(
        "testp.%s.%s".formatted(name, type),
        operands -> {
          operands.expect(2);
          int target = operands.targetPredicate(0);
          int source = operands.source(1, type);
          return (warp, lanes) ->
              forLanes(
                  lanes,
                  l ->
                      WarpInstructions.setBit(
                          warp.predicates,
                          target,
                          l,
                          onBits.test(warp.registers[source + l], warp.registers[source + l])));
        });
  }

  private static void selections(Map<String, Function<Operands, Operation>> table) {
    for (Type type : SELECTABLE) {
      table.put("selp." + type, operands -> select(operands, type));
      Instructions.Ternary bySign = (a, b, c) -> c >= 0 ? a : b;
      table.put(
          "slct.%s.s32".formatted(type), Instructions.ternary(type, type, type, Type.S32, bySign));
      Instructions.Ternary byFloat = (a, b, c) -> Float.intBitsToFloat((int) c) >= 0 ? a : b;
      table.put(
          "slct.%s.f32".formatted(type), Instructions.ternary(type, type, type, Type.F32, byFloat));
    }
  }

  private static Operation select(Operands operands, Type type) {
    operands.expect(4);
    int target = operands.target(0);
    int a = operands.source(1, type);
    int b = operands.source(2, type);
    PredicateSource predicate = operands.predicate(3);
    return (warp, lanes) -> {
      int yes = predicate.read(warp);
      long[] r = warp.registers;
      for (int rest = lanes; rest != 0; rest &= rest - 1) {
        int l = Integer.numberOfTrailingZeros(rest);
        r[target + l] = r[((yes >>> l & 1) != 0 ? a : b) + l] & type.mask;
      }
    };
  }

  private static Operation logic(Operands operands, Logic logic) {
    operands.expect(3);
    int target = operands.targetPredicate(0);
    PredicateSource a = operands.predicate(1);
    PredicateSource b = operands.predicate(2);
    return (warp, lanes) -> set(warp, target, lanes, logic.apply(a.read(warp), b.read(warp)));
  }

  private static Operation negation(Operands operands, int flip) {
    operands.expect(2);
    int target = operands.targetPredicate(0);
    PredicateSource a = operands.predicate(1);
    return (warp, lanes) -> set(warp, target, lanes, a.read(warp) ^ flip);
  }
}
