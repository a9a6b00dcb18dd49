package io.github.lamb4j.emulator;

import static io.github.lamb4j.emulator.MemoryInstructions.forLanes;

import io.github.lamb4j.emulator.Instruction.Flow;
import io.github.lamb4j.emulator.Operands.PredicateSource;

/** Collective instructions: barriers, fences, shuffles, votes. */
final class WarpInstructions {

  /** A bound operation with its effect on control flow. */
  record Bound(Flow flow, Operation operation, int slot, int count, Operation after) {
    static Bound converging(int mask, Operation operation) {
      return new Bound(Flow.CONVERGE, operation, mask, -1, Operation.NOTHING);
    }
  }

  private WarpInstructions() {}

  // --- Barriers and fences ---------------------------------------------------------------------

  static Bound barrier(Modifiers modifiers, Operands operands) {
    modifiers.take("cta");
    if (modifiers.take("warp")) return warpBarrier(modifiers, operands);
    String what = modifiers.takeOne("sync", "arrive", "red");
    if (what.equals("red")) return reduction(modifiers, operands);
    modifiers.take("aligned");
    modifiers.expectNone();
    boolean arrives = what.equals("arrive");
    operands.expect(arrives ? 2 : 1, 2);
    int id = operands.source(0, Type.U32);
    int count = operands.size() == 2 ? operands.source(1, Type.U32) : -1;
    Flow flow = arrives ? Flow.ARRIVE : Flow.BARRIER;
    return new Bound(flow, Operation.NOTHING, id, count, Operation.NOTHING);
  }

  private static Bound warpBarrier(Modifiers modifiers, Operands operands) {
    modifiers.takeOne("sync");
    modifiers.expectNone();
    operands.expect(1);
    int mask = operands.source(0, Type.B32);
    return Bound.converging(
        mask,
        (warp, lanes) -> {
          for (int rest = lanes; rest != 0; ) {
            int members = (int) warp.registers[mask + Integer.numberOfTrailingZeros(rest)] & rest;
            int[] met = new int[warp.block.warps.length];
            met[warp.index] = members;
            warp.block.grid.races.barrier(warp.block, met, Knowledge.NONE);
            rest &= ~members;
          }
        });
  }

  private static Bound reduction(Modifiers modifiers, Operands operands) {
    String kind = modifiers.takeOne("popc", "and", "or");
    modifiers.take("aligned");
    modifiers.takeOne(kind.equals("popc") ? "u32" : "pred");
    modifiers.expectNone();
    operands.expect(3, 4);
    int target = kind.equals("popc") ? operands.target(0) : operands.targetPredicate(0);
    int id = operands.source(1, Type.U32);
    int count = operands.size() == 4 ? operands.source(2, Type.U32) : -1;
    PredicateSource source = operands.predicate(operands.size() - 1);
    Operation vote =
        (warp, lanes) ->
            forLanes(
                lanes & source.read(warp),
                lane -> warp.block.votes[(int) warp.registers[id + lane] & 15]++);
    Operation after =
        (warp, lanes) ->
            forLanes(
                lanes,
                lane -> {
                  int barrier = (int) warp.registers[id + lane];
                  int votes = warp.block.votes[barrier];
                  if (kind.equals("popc")) {
                    warp.registers[target + lane] = votes;
                  } else {
                    boolean all = votes == warp.block.voters[barrier];
                    setBit(warp.predicates, target, lane, kind.equals("and") ? all : votes > 0);
                  }
                });
    return new Bound(Flow.BARRIER, vote, id, count, after);
  }

  static Operation fence(Modifiers modifiers, Operands operands) {
    String order = modifiers.takeAny("acq_rel", "sc");
    if (order == null) modifiers.take("seq_cst");
    String scope = modifiers.takeOne("cta", "cluster", "gpu", "sys");
    return fenceOf(scope.equals("cta"), !"acq_rel".equals(order), modifiers, operands);
  }

  static Operation memoryBarrier(Modifiers modifiers, Operands operands) {
    String scope = modifiers.takeOne("cta", "gl", "sys");
    return fenceOf(scope.equals("cta"), true, modifiers, operands);
  }

  private static Operation fenceOf(
      boolean blockOnly, boolean total, Modifiers modifiers, Operands operands) {
    modifiers.expectNone();
    operands.expect(0);
    return (warp, lanes) ->
        forLanes(
            lanes, lane -> warp.block.grid.races.fence(warp, lane, blockOnly, total && !blockOnly));
  }

  // --- Shuffles and votes ----------------------------------------------------------------------

  static Bound shuffle(Modifiers modifiers, Operands operands) {
    modifiers.takeOne("sync");
    String mode = modifiers.takeOne("up", "down", "bfly", "idx");
    modifiers.takeOne("b32");
    modifiers.expectNone();
    operands.expect(5);
    int target = operands.targetBeforePredicate(0);
    int inRange = operands.targetBesideRegister(0);
    int a = operands.source(1, Type.B32);
    int b = operands.source(2, Type.B32);
    int c = operands.source(3, Type.B32);
    int mask = operands.source(4, Type.B32);
    return Bound.converging(
        mask,
        (warp, lanes) -> {
          long[] registers = warp.registers;
          long[] values = new long[Warp.LANES];
          System.arraycopy(registers, a, values, 0, Warp.LANES);
          long[] sources = new long[Warp.LANES];
          forLanes(
              lanes,
              lane ->
                  sources[lane] = sourceLane(mode, lane, registers[b + lane], registers[c + lane]));
          forLanes(
              lanes,
              lane -> {
                boolean valid = sources[lane] >= 0;
                int source = valid ? (int) sources[lane] : lane;
                if ((registers[mask + lane] >>> source & 1) == 0 || (lanes >>> source & 1) == 0) {
                  throw warp.fault(
                      lane, "reads from lane " + source + ", which does not take part");
                }
                registers[target + lane] = values[source] & Type.B32.mask;
                if (inRange >= 0) setBit(warp.predicates, inRange, lane, valid);
              });
        });
  }

  /** The lane to read from, or -1 if it is out of range. */
  private static int sourceLane(String mode, int lane, long b, long c) {
    int value = (int) b & 31;
    int clamp = (int) c & 31;
    int segment = (int) (c >>> 8) & 31;
    int highest = lane & segment | clamp & ~segment;
    int lowest = lane & segment;
    return switch (mode) {
      case "up" -> lane - value >= highest ? lane - value : -1;
      case "down" -> lane + value <= highest ? lane + value : -1;
      case "bfly" -> (lane ^ value) <= highest ? lane ^ value : -1;
      default -> {
        int source = lowest | value & ~segment;
        yield source <= highest ? source : -1;
      }
    };
  }

  static Bound vote(Modifiers modifiers, Operands operands) {
    modifiers.takeOne("sync");
    String mode = modifiers.takeOne("all", "any", "uni", "ballot");
    boolean ballot = modifiers.takeOne("pred", "b32").equals("b32");
    modifiers.expectNone();
    if (ballot != mode.equals("ballot")) throw modifiers.unknown();
    operands.expect(3);
    int target = ballot ? operands.target(0) : operands.targetPredicate(0);
    PredicateSource source = operands.predicate(1);
    int mask = operands.source(2, Type.B32);
    return Bound.converging(
        mask,
        (warp, lanes) -> {
          int votes = source.read(warp);
          forLanes(
              lanes,
              lane -> {
                int members = (int) warp.registers[mask + lane];
                int yes = votes & members;
                if (ballot) {
                  warp.registers[target + lane] = yes & 0xffffffffL;
                } else {
                  boolean all = yes == members;
                  boolean any = yes != 0;
                  boolean result =
                      mode.equals("all") ? all : mode.equals("any") ? any : all || !any;
                  setBit(warp.predicates, target, lane, result);
                }
              });
        });
  }

  static Bound match(Modifiers modifiers, Operands operands) {
    boolean all = modifiers.takeOne("any", "all").equals("all");
    modifiers.takeOne("sync");
    Type type = modifiers.takeOne("b32", "b64").equals("b32") ? Type.B32 : Type.B64;
    modifiers.expectNone();
    operands.expect(3);
    int target = operands.targetBeforePredicate(0);
    int matched = operands.targetBesideRegister(0);
    int a = operands.source(1, type);
    int mask = operands.source(2, Type.B32);
    return Bound.converging(
        mask,
        (warp, lanes) -> {
          long[] values = new long[Warp.LANES];
          System.arraycopy(warp.registers, a, values, 0, Warp.LANES);
          forLanes(
              lanes,
              lane -> {
                int members = (int) warp.registers[mask + lane];
                int same = 0;
                for (int l = 0; l < Warp.LANES; l++) {
                  if ((members >>> l & 1) != 0 && values[l] == values[lane]) same |= 1 << l;
                }
                boolean agreed = same == members;
                warp.registers[target + lane] = (all && !agreed ? 0 : same) & 0xffffffffL;
                if (matched >= 0) setBit(warp.predicates, matched, lane, agreed);
              });
        });
  }

  static Bound reduce(Modifiers modifiers, Operands operands) {
    modifiers.takeOne("sync");
    String kind = modifiers.takeOne("add", "min", "max", "and", "or", "xor");
    Type type = modifiers.takeType();
    modifiers.expectNone();
    boolean bits = type == Type.B32;
    boolean logic = kind.equals("and") || kind.equals("or") || kind.equals("xor");
    if (logic ? !bits : type != Type.U32 && type != Type.S32) throw modifiers.unknown();
    operands.expect(3);
    int target = operands.target(0);
    int a = operands.source(1, type);
    int mask = operands.source(2, Type.B32);
    return Bound.converging(
        mask,
        (warp, lanes) -> {
          long[] values = new long[Warp.LANES];
          System.arraycopy(warp.registers, a, values, 0, Warp.LANES);
          forLanes(
              lanes,
              lane -> {
                long result = type.extend(values[lane]);
                for (int l = 0; l < Warp.LANES; l++) {
                  if (l == lane || (warp.registers[mask + lane] >>> l & 1) == 0) continue;
                  long value = type.extend(values[l]);
                  result =
                      switch (kind) {
                        case "add" -> result + value;
                        case "min" -> Math.min(result, value);
                        case "max" -> Math.max(result, value);
                        case "and" -> result & value;
                        case "or" -> result | value;
                        default -> result ^ value;
                      };
                }
                warp.registers[target + lane] = result & type.mask;
              });
        });
  }

  /** {@code activemask}: the lanes that execute this instruction together. */
  static Operation activeMask(Modifiers modifiers, Operands operands) {
    modifiers.takeOne("b32");
    modifiers.expectNone();
    operands.expect(1);
    int target = operands.target(0);
    return (warp, lanes) ->
        forLanes(lanes, lane -> warp.registers[target + lane] = lanes & 0xffffffffL);
  }

  static void setBit(int[] predicates, int slot, int lane, boolean value) {
    if (value) predicates[slot] |= 1 << lane;
    else predicates[slot] &= ~(1 << lane);
  }
}
