package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.MemoryInstructions.Semantics;
import io.github.lamb4j.emulator.ParsedModule.Space;
import java.util.List;
import java.util.Map;

/** {@code atom} and {@code red}. */
final class AtomicInstructions {

  /** Computes the new value from the old one and the operands, all extended to 64 bits. */
  private interface Update {
    long apply(long old, long b, long c);
  }

  private record Kind(List<Type> types, Update update) {}

  private static final List<Type> WORDS = List.of(Type.B32, Type.B64);

  private static final Map<String, Kind> KINDS =
      Map.ofEntries(
          kind("exch", WORDS, (old, b, c) -> b),
          kind("cas", List.of(Type.B16, Type.B32, Type.B64), (old, b, c) -> old == b ? c : old),
          kind("and", WORDS, (old, b, c) -> old & b),
          kind("or", WORDS, (old, b, c) -> old | b),
          kind("xor", WORDS, (old, b, c) -> old ^ b),
          kind("add", List.of(Type.U32, Type.S32, Type.U64), (old, b, c) -> old + b),
          kind(
              "inc",
              List.of(Type.U32),
              (old, b, c) -> Long.compareUnsigned(old, b) >= 0 ? 0 : old + 1),
          kind(
              "dec",
              List.of(Type.U32),
              (old, b, c) -> old == 0 || Long.compareUnsigned(old, b) > 0 ? b : old - 1),
          kind("min signed", List.of(Type.S32, Type.S64), (old, b, c) -> Math.min(old, b)),
          kind("max signed", List.of(Type.S32, Type.S64), (old, b, c) -> Math.max(old, b)),
          kind(
              "min",
              List.of(Type.U32, Type.U64),
              (old, b, c) -> Long.compareUnsigned(old, b) < 0 ? old : b),
          kind(
              "max",
              List.of(Type.U32, Type.U64),
              (old, b, c) -> Long.compareUnsigned(old, b) > 0 ? old : b),
          kind(
              "add floating",
              List.of(Type.F32, Type.F64, Type.F16, Type.BF16, Type.F16X2, Type.BF16X2),
              (old, b, c) -> {
                throw new IllegalStateException();
              }));

  private AtomicInstructions() {}

  private static Map.Entry<String, Kind> kind(String name, List<Type> types, Update update) {
    return Map.entry(name, new Kind(types, update));
  }

  static Operation bind(Modifiers modifiers, Operands operands, boolean returns) {
    String order = takeOrder(modifiers, returns);
    String scope = takeScope(modifiers);
    Space space = MemoryInstructions.takeSpace(modifiers, "global", "shared", "shared::cta");
    // Without a memory order, the compiler writes the scope after the state space.
    if (scope == null) scope = takeScope(modifiers);
    String name =
        modifiers.takeOne("exch", "cas", "and", "or", "xor", "add", "inc", "dec", "min", "max");
    // libcu++ writes both after the operation.
    if (order == null) order = takeOrder(modifiers, returns);
    if (scope == null) scope = takeScope(modifiers);
    int strength = Semantics.strength(scope == null ? "gpu" : scope);
    boolean both = "acq_rel".equals(order);
    Semantics semantics =
        new Semantics(strength, both || "acquire".equals(order), both || "release".equals(order));
    if (name.equals("add")) modifiers.take("noftz");
    boolean policy = modifiers.take("L2::cache_hint");
    Type type = modifiers.takeType();
    modifiers.expectNone();
    boolean variant = name.equals("min") || name.equals("max");
    String full = variant && type.signed ? name + " signed" : name;
    if (type.floating) full = name + " floating";
    Kind kind = KINDS.get(full);
    if (kind == null || !kind.types().contains(type)) throw modifiers.unknown();
    if (!returns && (name.equals("exch") || name.equals("cas"))) throw modifiers.unknown();

    int first = returns ? 1 : 0;
    int sources = name.equals("cas") ? 2 : 1;
    operands.expect(first + 1 + sources + (policy ? 1 : 0));
    if (policy) operands.source(first + 1 + sources, Type.B64);
    MemoryInstructions.checkSpace(space, operands, first);
    int target = returns ? operands.target(0) : -1;
    int b = operands.source(first + 1, type);
    int c = sources == 2 ? operands.source(first + 2, type) : b;
    Update update = type.floating ? (old, x, y) -> sum(old, x, type) : kind.update();
    return new Atomic(
        space,
        operands.addressBase(first),
        operands.addressOffset(first),
        target,
        b,
        c,
        type,
        semantics,
        update);
  }

  private static String takeOrder(Modifiers modifiers, boolean returns) {
    return returns
        ? modifiers.takeAny("relaxed", "acquire", "release", "acq_rel")
        : modifiers.takeAny("relaxed", "release");
  }

  private static String takeScope(Modifiers modifiers) {
    return modifiers.takeAny("cta", "cluster", "gpu", "sys");
  }

  private static long sum(long a, long b, Type type) {
    return switch (type) {
      case F32 ->
          FloatInstructions.bits(Float.intBitsToFloat((int) a) + Float.intBitsToFloat((int) b));
      case F64 ->
          Double.doubleToRawLongBits(Double.longBitsToDouble(a) + Double.longBitsToDouble(b));
      case F16X2 -> sum(a >>> 16, b >>> 16, Type.F16) << 16 | sum(a & 0xffff, b & 0xffff, Type.F16);
      case BF16X2 ->
          sum(a >>> 16, b >>> 16, Type.BF16) << 16 | sum(a & 0xffff, b & 0xffff, Type.BF16);
      default -> HalfInstructions.sum(Floats.decode(a, type), Floats.decode(b, type), type);
    };
  }

  static final class Atomic extends Access {
    private final int target;
    private final int b;
    private final int c;
    private final Type type;
    private final Semantics semantics;
    private final Update update;

    Atomic(
        Space space,
        int base,
        long offset,
        int target,
        int b,
        int c,
        Type type,
        Semantics semantics,
        Update update) {
      super(space, base, offset);
      this.target = target;
      this.b = b;
      this.c = c;
      this.type = type;
      this.semantics = semantics;
      this.update = update;
    }

    /** Whether it is atomic to all threads of the device. */
    boolean isOfDevice() {
      return semantics.strength() == RaceDetector.DEVICE_SCOPE;
    }

    @Override
    public void run(Warp warp, int lanes) {
      Grid grid = warp.block.grid;
      int bytes = type.bytes;
      int strength = semantics.strength();
      long[] registers = warp.registers;
      for (int rest = lanes; rest != 0; rest &= rest - 1) {
        int lane = Integer.numberOfTrailingZeros(rest);
        Page page = locate(warp, lane, bytes, true);
        if (!isCommon()) throw warp.fault(lane, "an atomic operation on local memory");
        if (!page.isDefined(at, bytes)) throw undefined(warp, lane, bytes);
        grid.races.write(page, at, bytes, warp, lane, strength, address);
        long location = location(warp, 0);
        grid.races.observe(warp, lane, location, strength, semantics.acquires());
        grid.races.publishUpdate(warp, lane, location, strength, semantics.releases());
        long old = page.get(at, bytes);
        long value =
            update.apply(
                type.extend(old),
                type.extend(registers[b + lane]),
                type.extend(registers[c + lane]));
        StoreHistory history = mayBeStale(warp) ? StoreHistory.start(page, at, grid) : null;
        if (page.put(at, bytes, value)) grid.progress();
        if (history != null) {
          history.add(page, at, bytes, warp.block, grid.races.message(location));
        }
        if (target >= 0) registers[target + lane] = old;
        grid.atomics++;
      }
    }
  }
}
