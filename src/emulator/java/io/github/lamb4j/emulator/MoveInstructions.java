package io.github.lamb4j.emulator;

import static io.github.lamb4j.emulator.MemoryInstructions.forLanes;

import io.github.lamb4j.emulator.KernelBuilder.Register;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Moves, packing and unpacking, addresses between spaces, clocks. */
final class MoveInstructions {

  private static final List<Type> MOVABLE =
      List.of(
          Type.B16, Type.U16, Type.S16, Type.B32, Type.U32, Type.S32, Type.F32, Type.B64, Type.U64,
          Type.S64, Type.F64);

  private static final Map<String, Long> WINDOWS =
      Map.of(
          "global", 0L,
          "const", 0L,
          "shared", Access.SHARED_WINDOW,
          "shared::cta", Access.SHARED_WINDOW,
          "local", Access.LOCAL_WINDOW,
          "param", Access.PARAM_WINDOW);

  private MoveInstructions() {}

  static void addTo(Map<String, Function<Operands, Operation>> table) {
    for (Type type : MOVABLE) table.put("mov." + type, operands -> move(operands, type));
    WINDOWS.forEach(
        (space, window) -> {
          for (Type type : List.of(Type.U64, Type.U32)) {
            table.put(
                "cvta.%s.%s".formatted(space, type),
                Instructions.unary(Type.U64, type, a -> a + window));
          }
          table.put(
              "cvta.to.%s.u64".formatted(space),
              Instructions.unary(Type.U64, Type.U64, a -> a - window));
          table.put("isspacep." + space, operands -> isSpace(operands, space));
        });
  }

  private static Operation move(Operands operands, Type type) {
    operands.expect(2);
    if (operands.isVector(0)) return unpack(operands, type);
    if (operands.isVector(1)) return pack(operands, type);
    if (operands.get(1) instanceof Operand.Name name) {
      switch (name.name()) {
        case "%clock", "%clock64", "%globaltimer", "%globaltimer_lo" -> {
          int target = operands.target(0);
          return (warp, lanes) ->
              forLanes(
                  lanes,
                  l -> warp.registers[target + l] = warp.block.grid.nanoseconds() & type.mask);
        }
        case "%clock_hi", "%globaltimer_hi" -> {
          int target = operands.target(0);
          return (warp, lanes) ->
              forLanes(
                  lanes, l -> warp.registers[target + l] = warp.block.grid.nanoseconds() >>> 32);
        }
        default -> {}
      }
    }
    int target = operands.target(0);
    int source = operands.source(1, type);
    long mask = type.mask;
    return (warp, lanes) -> {
      long[] r = warp.registers;
      if (lanes == -1) {
        for (int l = 0; l < Warp.LANES; l++) r[target + l] = r[source + l] & mask;
        return;
      }
      for (int rest = lanes; rest != 0; rest &= rest - 1) {
        int l = Integer.numberOfTrailingZeros(rest);
        r[target + l] = r[source + l] & mask;
      }
    };
  }

  private static Operation unpack(Operands operands, Type type) {
    Operands parts = operands.vector(0);
    int bits = partBits(parts, type);
    int[] targets = new int[parts.size()];
    for (int i = 0; i < targets.length; i++) targets[i] = parts.target(i);
    int source = operands.source(1, type);
    long mask = (1L << bits) - 1;
    return (warp, lanes) ->
        forLanes(
            lanes,
            l -> {
              long value = warp.registers[source + l];
              for (int i = 0; i < targets.length; i++) {
                warp.registers[targets[i] + l] = value >>> i * bits & mask;
              }
            });
  }

  private static Operation pack(Operands operands, Type type) {
    Operands parts = operands.vector(1);
    int bits = partBits(parts, type);
    Type part = Type.named("b" + bits);
    int[] sources = new int[parts.size()];
    for (int i = 0; i < sources.length; i++) sources[i] = parts.source(i, part);
    Register target = operands.targetRegister(0);
    long mask = (1L << bits) - 1;
    return (warp, lanes) ->
        forLanes(
            lanes,
            l -> {
              long value = 0;
              for (int i = 0; i < sources.length; i++) {
                value |= (warp.registers[sources[i] + l] & mask) << i * bits;
              }
              warp.registers[target.slot() + l] = value;
            });
  }

  private static int partBits(Operands parts, Type type) {
    if (parts.size() != 2 && parts.size() != 4)
      throw new IllegalArgumentException("expected 2 or 4 parts, got " + parts.size());
    return type.bits / parts.size();
  }

  private static Operation isSpace(Operands operands, String space) {
    operands.expect(2);
    int target = operands.targetPredicate(0);
    int source = operands.source(1, Type.U64);
    return (warp, lanes) ->
        forLanes(
            lanes,
            l -> {
              long address = warp.registers[source + l];
              boolean is =
                  switch (space) {
                    case "shared", "shared::cta" -> Access.isShared(address);
                    case "local" -> Access.isLocal(address);
                    case "param" -> Access.isParameter(address);
                    default ->
                        !Access.isShared(address)
                            && !Access.isLocal(address)
                            && !Access.isParameter(address);
                  };
              WarpInstructions.setBit(warp.predicates, target, l, is);
            });
  }
}
