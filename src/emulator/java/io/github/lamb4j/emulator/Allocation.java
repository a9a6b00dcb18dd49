package io.github.lamb4j.emulator;

import io.github.lamb4j.internal.cuda.driver.Purpose;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** A range of global memory. Its pages are created when they are first written. */
final class Allocation {

  static final int PAGE_BITS = 16;
  static final int PAGE_BYTES = 1 << PAGE_BITS;

  final long start;
  final long bytes;
  final Purpose purpose;
  final String owner;
  boolean live = true;

  /** Whether kernels may only read it. */
  boolean constant;

  /** Bytes loaded and stored by the threads of the current launch, by cache hint. */
  final long[] loaded = new long[CacheHint.values().length];

  final long[] stored = new long[CacheHint.values().length];

  private final Page[] pages;
  private final boolean[] cleared;

  Allocation(long start, long bytes, Purpose purpose, String owner) {
    this.start = start;
    this.bytes = bytes;
    this.purpose = purpose;
    this.owner = owner;
    int count = Math.toIntExact((bytes + PAGE_BYTES - 1) >>> PAGE_BITS);
    this.pages = new Page[count];
    this.cleared = new boolean[count];
  }

  boolean contains(long address, long length) {
    long at = address - start;
    return at >= 0 && at <= bytes - length;
  }

  /** The page with this number; null if it was never written and is not to be created. */
  Page page(int number, boolean make) {
    Page page = pages[number];
    if (page == null && (make || cleared[number])) {
      int length = pageBytes(number);
      page = new Page(length);
      if (cleared[number]) page.fill(0, length, (byte) 0);
      pages[number] = page;
    }
    return page;
  }

  private int pageBytes(int number) {
    return (int) Math.min(PAGE_BYTES, bytes - ((long) number << PAGE_BITS));
  }

  void clear(long from, long length) {
    for (long at = from; at < from + length; ) {
      int number = (int) (at >>> PAGE_BITS);
      int inPage = (int) at & PAGE_BYTES - 1;
      int part = (int) Math.min(pageBytes(number) - inPage, from + length - at);
      if (pages[number] == null && part == pageBytes(number)) cleared[number] = true;
      else page(number, true).fill(inPage, part, (byte) 0);
      at += part;
    }
  }

  void put(long at, byte value) {
    page((int) (at >>> PAGE_BITS), true).put((int) at & PAGE_BYTES - 1, 1, value);
  }

  void put(long at, ByteBuffer source) {
    while (source.hasRemaining()) {
      int number = (int) (at >>> PAGE_BITS);
      int inPage = (int) at & PAGE_BYTES - 1;
      int part = Math.min(source.remaining(), pageBytes(number) - inPage);
      page(number, true).put(inPage, source, part);
      at += part;
    }
  }

  void get(long at, ByteBuffer target) {
    while (target.hasRemaining()) target.put(get(at++));
  }

  /** Offset of the first run of eight or more uninitialized bytes in a range, or -1. */
  long hole(long from, long length) {
    long undefined = 0;
    for (long at = from; at < from + length; at++) {
      Page page = page((int) (at >>> PAGE_BITS), false);
      boolean defined = page != null && page.isDefined((int) at & PAGE_BYTES - 1, 1);
      undefined = defined ? 0 : undefined + 1;
      if (undefined == Math.min(8, length)) return at - undefined + 1;
    }
    return -1;
  }

  /** The byte at an offset; a poison value if it is uninitialized. */
  byte get(long at) {
    Page page = page((int) (at >>> PAGE_BITS), false);
    return page == null ? (byte) 0xa5 : (byte) page.get((int) at & PAGE_BYTES - 1, 1);
  }

  void resetCounts() {
    Arrays.fill(loaded, 0);
    Arrays.fill(stored, 0);
  }

  /** Forgets all recorded accesses. */
  void forgetAccesses() {
    for (Page page : pages) if (page != null && page.writes != null) page.forgetAccesses();
  }

  @Override
  public String toString() {
    return "'%s' (%d bytes at 0x%x)".formatted(purpose.of(owner), bytes, start);
  }
}
