package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.ParsedModule.Space;

/** An instruction that accesses memory: resolves an address and checks the access. */
abstract class Access implements Operation {

  /** Start of the other spaces in the generic address space. */
  static final long SHARED_WINDOW = 0x7e01_0000_0000L;

  static final long LOCAL_WINDOW = 0x7e02_0000_0000L;
  static final long PARAM_WINDOW = 0x7e03_0000_0000L;
  private static final long WINDOW_BYTES = 1L << 32;

  /** Start of the arguments of calls in the parameter space; they are in local memory. */
  static final long CALL_ARGUMENTS = 1 << 24;

  final Space space;
  final int base;
  final long offset;

  /** Offset of the located bytes in their page. */
  int at;

  /** Their generic address. */
  long address;

  CacheHint hint = CacheHint.NONE;

  private Allocation recent;

  Access(Space space, int base, long offset) {
    this.space = space;
    this.base = base;
    this.offset = offset;
  }

  static boolean isShared(long address) {
    return address - SHARED_WINDOW >= 0 && address - SHARED_WINDOW < WINDOW_BYTES;
  }

  static boolean isLocal(long address) {
    return address - LOCAL_WINDOW >= 0 && address - LOCAL_WINDOW < WINDOW_BYTES;
  }

  static boolean isParameter(long address) {
    return address - PARAM_WINDOW >= 0 && address - PARAM_WINDOW < WINDOW_BYTES;
  }

  /** Whether other threads can access the memory that {@link #locate} found. */
  final boolean isCommon() {
    return !isLocal(address) && !isParameter(address);
  }

  /** Whether a strong load of the located memory may return a stale value. */
  final boolean mayBeStale(Warp warp) {
    return warp.block.grid.staleness != null && isCommon() && !isShared(address);
  }

  /**
   * Returns the page that holds all bytes that a lane accesses, or null for a load from a page that
   * was never written. Sets {@link #at} and {@link #address}.
   */
  final Page locate(Warp warp, int lane, int bytes, boolean store) {
    long pointer = warp.registers[base + lane] + offset;
    if ((pointer & bytes - 1) != 0) {
      throw warp.fault(lane, "0x%x is not aligned to %d bytes".formatted(pointer, bytes));
    }
    switch (space) {
      case GLOBAL:
      case CONST:
        return global(warp, lane, pointer, bytes, store);
      case SHARED:
        return shared(warp, lane, pointer & 0xffffffffL, bytes, store);
      case LOCAL:
        return local(warp, lane, pointer, bytes);
      case PARAM:
        return parameter(warp, lane, pointer, bytes, store);
      default:
        if (isShared(pointer)) return shared(warp, lane, pointer - SHARED_WINDOW, bytes, store);
        if (isLocal(pointer)) return local(warp, lane, pointer - LOCAL_WINDOW, bytes);
        if (isParameter(pointer)) {
          return parameter(warp, lane, pointer - PARAM_WINDOW, bytes, store);
        }
        return global(warp, lane, pointer, bytes, store);
    }
  }

  private Page global(Warp warp, int lane, long pointer, int bytes, boolean store) {
    Allocation allocation = recent;
    if (allocation == null || !allocation.live || !allocation.contains(pointer, bytes)) {
      allocation = warp.block.grid.memory.find(pointer, bytes);
      if (allocation == null) {
        throw warp.fault(
            lane,
            "accesses %d bytes of global memory at 0x%x, which is out of bounds: %s"
                .formatted(bytes, pointer, warp.block.grid.memory.describe(pointer)));
      }
      recent = allocation;
    }
    if (store && allocation.constant) throw warp.fault(lane, "stores to constant memory");
    (store ? allocation.stored : allocation.loaded)[hint.ordinal()] += bytes;
    long inside = pointer - allocation.start;
    ReuseDistance reuse = warp.block.grid.memory.reuse;
    if (reuse != null) reuse.access(allocation, inside, bytes, store, hint);
    at = (int) inside & Allocation.PAGE_BYTES - 1;
    address = pointer;
    return allocation.page((int) (inside >>> Allocation.PAGE_BITS), store);
  }

  private Page shared(Warp warp, int lane, long inside, int bytes, boolean store) {
    Page page = warp.block.shared;
    int end = warp.block.grid.kernel.dynamicShared + warp.block.grid.dynamicSharedBytes;
    at = (int) inside;
    address = SHARED_WINDOW + inside;
    if (inside < 0 || inside > end - bytes || isForbidden(page, bytes)) {
      throw warp.fault(
          lane,
          "accesses %d bytes of shared memory at %d, which is out of bounds"
              .formatted(bytes, inside));
    }
    return page;
  }

  private boolean isForbidden(Page page, int bytes) {
    if (bytes <= 8) return page.isForbidden(at, bytes);
    for (int i = 0; i < bytes; i += 8) if (page.isForbidden(at + i, 8)) return true;
    return false;
  }

  private Page local(Warp warp, int lane, long inside, int bytes) {
    int size = warp.block.grid.kernel.localBytes;
    if (inside < 0 || inside > size - bytes) {
      throw warp.fault(
          lane,
          "accesses %d bytes of local memory at %d, which is out of bounds"
              .formatted(bytes, inside));
    }
    at = (warp.firstInBlock + lane) * size + (int) inside;
    address = LOCAL_WINDOW + inside;
    return warp.block.local;
  }

  private Page parameter(Warp warp, int lane, long inside, int bytes, boolean store) {
    if (inside >= CALL_ARGUMENTS) return local(warp, lane, inside - CALL_ARGUMENTS, bytes);
    if (store || inside < 0 || inside > warp.block.grid.kernel.parameterBytes - bytes) {
      throw warp.fault(
          lane,
          "%s %d bytes of the parameters at %d, which is out of bounds"
              .formatted(store ? "stores to" : "reads", bytes, inside));
    }
    at = (int) inside;
    address = PARAM_WINDOW + inside;
    return warp.block.grid.parameters;
  }

  final EmulatorException undefined(Warp warp, int lane, int bytes) {
    return warp.fault(
        lane,
        "reads %d uninitialized bytes at 0x%x: %s"
            .formatted(bytes, address, warp.describe(address)));
  }

  /** The race detector's key for a location at an offset from the located one. */
  final long location(Warp warp, int further) {
    long at = address + further;
    return isShared(at) ? (long) warp.block.index << 48 ^ 1L << 47 ^ at >>> 2 : at >>> 2;
  }
}
