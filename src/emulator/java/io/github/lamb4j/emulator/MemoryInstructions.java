package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.KernelBuilder.Register;
import io.github.lamb4j.emulator.ParsedModule.Space;
import java.util.Locale;

/** Loads, stores, asynchronous copies and cache hints. */
final class MemoryInstructions {

  /** The memory semantics of an access: scope, and whether it acquires or releases. */
  record Semantics(int strength, boolean acquires, boolean releases) {

    static final Semantics NONE = new Semantics(RaceDetector.WEAK, false, false);

    static int strength(String scope) {
      return scope.equals("cta") ? RaceDetector.BLOCK_SCOPE : RaceDetector.DEVICE_SCOPE;
    }

    static Semantics take(Modifiers modifiers, String... orders) {
      String order = modifiers.takeAny(orders);
      if (order == null || order.equals("weak")) return NONE;
      if (order.equals("volatile")) return new Semantics(RaceDetector.DEVICE_SCOPE, false, false);
      String scope = modifiers.takeOne("cta", "cluster", "gpu", "sys");
      boolean both = order.equals("acq_rel");
      return new Semantics(
          strength(scope), both || order.equals("acquire"), both || order.equals("release"));
    }
  }

  private MemoryInstructions() {}

  static Space takeSpace(Modifiers modifiers, String... names) {
    String name = modifiers.takeAny(names);
    if (name == null) return Space.GENERIC;
    return Space.valueOf(name.replace("::cta", "").toUpperCase(Locale.ROOT));
  }

  /** Takes cache hints, which have no effect; true if the operands include a cache policy. */
  static boolean takeHints(Modifiers modifiers) {
    modifiers.takeAny("L1::evict_normal", "L1::evict_unchanged", "L1::evict_first");
    modifiers.takeAny("L1::evict_last", "L1::no_allocate");
    modifiers.takeAny("L2::evict_normal", "L2::evict_first", "L2::evict_last");
    boolean policy = modifiers.take("L2::cache_hint");
    modifiers.takeAny("L2::64B", "L2::128B", "L2::256B");
    return policy;
  }

  private static int takeCount(Modifiers modifiers) {
    String vector = modifiers.takeAny("v2", "v4");
    return vector == null ? 1 : vector.equals("v2") ? 2 : 4;
  }

  static Operation load(Modifiers modifiers, Operands operands) {
    Semantics semantics = Semantics.take(modifiers, "weak", "volatile", "relaxed", "acquire");
    Space space =
        takeSpace(modifiers, "global", "shared", "shared::cta", "local", "param", "const");
    CacheHint hint = CacheHint.of(modifiers.takeAny("ca", "cg", "cs", "lu", "cv"));
    boolean readOnly = space == Space.GLOBAL && modifiers.take("nc");
    boolean policy = takeHints(modifiers);
    int count = takeCount(modifiers);
    Type type = modifiers.takeType();
    modifiers.expectNone();
    operands.expect(policy ? 3 : 2);
    if (policy) operands.source(2, Type.B64);
    checkSpace(space, operands, 1);
    if ((operands.isVector(0) ? operands.vector(0).size() : 1) != count) {
      throw new IllegalArgumentException("wrong number of registers");
    }
    Register[] targets = new Register[count];
    for (int i = 0; i < count; i++) {
      targets[i] = count == 1 ? operands.targetRegister(0) : operands.vector(0).targetRegister(i);
      if (targets[i].type().bits < type.bits)
        throw new IllegalArgumentException("register is narrower than " + type);
    }
    int base = operands.addressBase(1);
    Load load =
        new Load(space, base, operands.addressOffset(1), targets, type, semantics, readOnly);
    load.hint = hint;
    return load;
  }

  static Operation store(Modifiers modifiers, Operands operands) {
    Semantics semantics = Semantics.take(modifiers, "weak", "volatile", "relaxed", "release");
    Space space = takeSpace(modifiers, "global", "shared", "shared::cta", "local", "param");
    CacheHint hint = CacheHint.of(modifiers.takeAny("wb", "cg", "cs", "wt"));
    boolean policy = takeHints(modifiers);
    int count = takeCount(modifiers);
    Type type = modifiers.takeType();
    modifiers.expectNone();
    operands.expect(policy ? 3 : 2);
    if (policy) operands.source(2, Type.B64);
    checkSpace(space, operands, 0);
    if ((operands.isVector(1) ? operands.vector(1).size() : 1) != count) {
      throw new IllegalArgumentException("wrong number of registers");
    }
    int[] sources = new int[count];
    for (int i = 0; i < count; i++) {
      sources[i] = count == 1 ? operands.source(1, type) : operands.vector(1).source(i, type);
    }
    int base = operands.addressBase(0);
    Store store = new Store(space, base, operands.addressOffset(0), sources, type, semantics);
    store.hint = hint;
    return store;
  }

  /** The name of a variable is an address in its own space. */
  static void checkSpace(Space space, Operands operands, int i) {
    Space named = operands.addressSpace(i);
    if (named != null && named != space) {
      throw new IllegalArgumentException(
          "variable in state space %s, not %s".formatted(named, space));
    }
  }

  static final class Load extends Access {
    private final int[] targets;
    private final long[] masks;
    private final Type type;
    private final Semantics semantics;

    /** Whether the load may use the read-only cache, which is not coherent with stores. */
    private final boolean readOnly;

    Load(
        Space space,
        int base,
        long offset,
        Register[] targets,
        Type type,
        Semantics semantics,
        boolean readOnly) {
      super(space, base, offset);
      this.targets = new int[targets.length];
      this.masks = new long[targets.length];
      for (int i = 0; i < targets.length; i++) {
        this.targets[i] = targets[i].slot();
        this.masks[i] = targets[i].type().mask;
      }
      this.type = type;
      this.semantics = semantics;
      this.readOnly = readOnly;
    }

    /** Whether it is weak, but a GPU loads all its bytes at once. */
    boolean isWeakWord() {
      return semantics.strength() == RaceDetector.WEAK && type.bytes * targets.length <= 8;
    }

    @Override
    public void run(Warp warp, int lanes) {
      RaceDetector races = warp.block.grid.races;
      int each = type.bytes;
      int bytes = each * targets.length;
      for (int rest = lanes; rest != 0; rest &= rest - 1) {
        int lane = Integer.numberOfTrailingZeros(rest);
        Page page = locate(warp, lane, bytes, false);
        if (page == null) throw undefined(warp, lane, bytes);
        if (isCommon()) {
          races.read(page, at, bytes, warp, lane, semantics.strength(), address);
          if (readOnly && races.isWritten(page, at, bytes)) {
            throw warp.fault(
                lane, "read-only load of memory written by this launch: " + warp.describe(address));
          }
        }
        if (semantics.strength() != RaceDetector.WEAK && isCommon()) {
          loadStrong(warp, lane, page);
          continue;
        }
        for (int i = 0; i < targets.length; i++) {
          int from = at + i * each;
          if (!page.isDefined(from, each)) throw undefined(warp, lane, bytes);
          warp.registers[targets[i] + lane] = type.extend(page.get(from, each)) & masks[i];
        }
      }
    }

    private void loadStrong(Warp warp, int lane, Page page) {
      Grid grid = warp.block.grid;
      boolean mayBeStale = mayBeStale(warp);
      int each = type.bytes;
      int visible = warp.block.known[warp.firstInBlock + lane].of(Knowledge.MEMORY);
      for (int i = 0; i < targets.length; i++) {
        int from = at + i * each;
        StoreHistory history = mayBeStale ? StoreHistory.of(page, from, grid) : null;
        boolean defined;
        long value;
        Messages.Message message;
        if (history == null) {
          defined = page.isDefined(from, each);
          value = page.get(from, each);
          message = grid.races.message(location(warp, i * each));
        } else {
          StoreHistory.Version version = history.load(warp.block, visible);
          int inWord = StoreHistory.inWord(from);
          defined = version.isDefined(inWord, each);
          value = version.get(inWord, each);
          message = version.message(inWord);
        }
        if (!defined) throw undefined(warp, lane, each * targets.length);
        warp.registers[targets[i] + lane] = type.extend(value) & masks[i];
        grid.races.observe(warp, lane, message, semantics.strength(), semantics.acquires());
      }
    }
  }

  private static final class Store extends Access {
    private final int[] sources;
    private final Type type;
    private final Semantics semantics;

    Store(Space space, int base, long offset, int[] sources, Type type, Semantics semantics) {
      super(space, base, offset);
      this.sources = sources;
      this.type = type;
      this.semantics = semantics;
    }

    @Override
    public void run(Warp warp, int lanes) {
      RaceDetector races = warp.block.grid.races;
      int each = type.bytes;
      int bytes = each * sources.length;
      // A strong or local store of an unchanged value may be part of a spin loop: it is not
      // progress. Code for a debugger stores all its variables to local memory; a new value there
      // is progress, because a long loop may count in it.
      boolean changed = false;
      for (int rest = lanes; rest != 0; rest &= rest - 1) {
        int lane = Integer.numberOfTrailingZeros(rest);
        Page page = locate(warp, lane, bytes, true);
        int strength = semantics.strength();
        if (isCommon() && !(races.ignoresEqualStores && isUnchanged(page, warp, lane))) {
          races.write(page, at, bytes, warp, lane, strength, address);
        }
        if (strength != RaceDetector.WEAK && isCommon()) {
          changed |= storeStrong(warp, lane, page);
          continue;
        }
        if (isCommon()) {
          changed = true;
          for (int i = 0; i < bytes; i += 4) races.unpublish(location(warp, i));
          StoreHistory.forget(page, at, bytes);
        }
        for (int i = 0; i < sources.length; i++) {
          changed |= page.put(at + i * each, each, warp.registers[sources[i] + lane]);
        }
      }
      if (changed) warp.block.grid.progress();
    }

    private boolean isUnchanged(Page page, Warp warp, int lane) {
      if (semantics.strength() != RaceDetector.WEAK) return false;
      for (int i = 0; i < sources.length; i++) {
        int to = at + i * type.bytes;
        if (!page.isDefined(to, type.bytes)) return false;
        long value = warp.registers[sources[i] + lane] & type.mask;
        if (page.get(to, type.bytes) != value) return false;
      }
      return true;
    }

    /** Returns whether a value changed. */
    private boolean storeStrong(Warp warp, int lane, Page page) {
      Grid grid = warp.block.grid;
      int each = type.bytes;
      Messages.Message message =
          grid.races.newMessage(warp, lane, semantics.strength(), semantics.releases());
      boolean changed = false;
      for (int i = 0; i < sources.length; i++) {
        int to = at + i * each;
        grid.races.place(location(warp, i * each), message);
        StoreHistory history = mayBeStale(warp) ? StoreHistory.start(page, to, grid) : null;
        changed |= page.put(to, each, warp.registers[sources[i] + lane]);
        if (history != null) history.add(page, to, each, warp.block, message);
      }
      return changed;
    }
  }

  // --- Asynchronous copies ---------------------------------------------------------------------

  static Operation asyncCopy(Modifiers modifiers, Operands operands) {
    modifiers.takeOne("async");
    String what = modifiers.takeOne("ca", "cg", "commit_group", "wait_group", "wait_all");
    switch (what) {
      case "commit_group":
        modifiers.expectNone();
        operands.expect(0);
        return (warp, lanes) -> forLanes(lanes, lane -> copies(warp, lane).commit());
      case "wait_group":
        modifiers.expectNone();
        operands.expect(1);
        long groups = ((Operand.Literal) operands.get(0)).integer();
        return (warp, lanes) -> forLanes(lanes, lane -> copies(warp, lane).await(groups));
      case "wait_all":
        modifiers.expectNone();
        operands.expect(0);
        return (warp, lanes) -> forLanes(lanes, lane -> copies(warp, lane).awaitAll());
      default:
        modifiers.takeOne("shared", "shared::cta");
        modifiers.takeOne("global");
        boolean policy = takeHints(modifiers);
        modifiers.expectNone();
        operands.expect(policy ? 4 : 3, policy ? 5 : 4);
        int bytes = (int) ((Operand.Literal) operands.get(2)).integer();
        if (!(bytes == 16 || what.equals("ca") && (bytes == 4 || bytes == 8))) {
          throw new IllegalArgumentException("cp.async of %d bytes".formatted(bytes));
        }
        boolean partial = operands.size() == (policy ? 5 : 4);
        int size = partial ? operands.source(3, Type.U32) : operands.builder.constant(bytes);
        Access target =
            new Location(Space.SHARED, operands.addressBase(0), operands.addressOffset(0));
        Access source =
            new Location(Space.GLOBAL, operands.addressBase(1), operands.addressOffset(1));
        return (warp, lanes) ->
            forLanes(lanes, lane -> copy(warp, lane, target, source, bytes, size));
    }
  }

  private static final class Location extends Access {
    Location(Space space, int base, long offset) {
      super(space, base, offset);
    }

    @Override
    public void run(Warp warp, int lanes) {
      throw new UnsupportedOperationException();
    }
  }

  interface LaneAction {
    void run(int lane);
  }

  static void forLanes(int lanes, LaneAction action) {
    for (int rest = lanes; rest != 0; rest &= rest - 1) {
      action.run(Integer.numberOfTrailingZeros(rest));
    }
  }

  private static AsyncCopies copies(Warp warp, int lane) {
    if (warp.copies == null) warp.copies = new AsyncCopies[Warp.LANES];
    if (warp.copies[lane] == null) warp.copies[lane] = new AsyncCopies();
    return warp.copies[lane];
  }

  private static void copy(
      Warp warp, int lane, Access target, Access source, int bytes, int sizeSlot) {
    int size = (int) warp.registers[sizeSlot + lane];
    if (size < 0 || size > bytes)
      throw warp.fault(lane, "cp.async of %d bytes out of %d".formatted(size, bytes));
    RaceDetector races = warp.block.grid.races;
    byte[] copied = new byte[bytes];
    if (size > 0) {
      Page from = source.locate(warp, lane, bytes, false);
      if (from == null) throw source.undefined(warp, lane, size);
      races.read(from, source.at, size, warp, lane, RaceDetector.WEAK, source.address);
      for (int i = 0; i < size; i++) {
        if (!from.isDefined(source.at + i, 1)) throw source.undefined(warp, lane, size);
        copied[i] = (byte) from.get(source.at + i, 1);
      }
    }
    Page to = target.locate(warp, lane, bytes, true);
    races.write(to, target.at, bytes, warp, lane, RaceDetector.WEAK, target.address);
    copies(warp, lane).add(to, target.at, copied);
    warp.block.grid.progress();
  }

  // --- Hints -----------------------------------------------------------------------------------

  /** Prefetches have no visible effect. */
  static Operation prefetch(Modifiers modifiers, Operands operands) {
    Space space = takeSpace(modifiers, "global", "local");
    modifiers.takeOne("L1", "L2", "L2::evict_last", "L2::evict_normal");
    modifiers.expectNone();
    operands.expect(1);
    checkSpace(space, operands, 0);
    operands.addressBase(0);
    return Operation.NOTHING;
  }

  /** {@code createpolicy.fractional}: cache policies are opaque and have no effect. */
  static Operation createPolicy(Modifiers modifiers, Operands operands) {
    modifiers.takeOne("fractional");
    modifiers.takeOne(
        "L2::evict_last", "L2::evict_normal", "L2::evict_first", "L2::evict_unchanged");
    modifiers.takeAny("L2::evict_first", "L2::evict_unchanged");
    modifiers.takeOne("b64");
    modifiers.expectNone();
    operands.expect(1, 2);
    int target = operands.target(0);
    return (warp, lanes) -> forLanes(lanes, lane -> warp.registers[target + lane] = 0);
  }
}
