package io.github.lamb4j.emulator;

import io.github.lamb4j.internal.cuda.driver.Purpose;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Counts the bytes that kernels move between the first and the second read of the same memory. If
 * this distance is small compared with a cache, the second read hits it.
 */
public final class ReuseDistance {

  private static final int GRANULE = 4;

  private final Purpose readTwice;
  private final Set<Purpose> counted;
  private final boolean countsStreams;
  private final Map<Allocation, long[]> firstReads = new IdentityHashMap<>();
  private long moved;
  private long[] distances = new long[1024];
  private int count;

  /**
   * Measures from the next launch on.
   *
   * @param readTwice the memory whose second reads are measured, word by word
   * @param counted the memory whose traffic counts
   * @param countsStreams whether streaming accesses ({@code .cs}) count, whose lines are evicted
   *     first
   */
  public ReuseDistance(Purpose readTwice, Set<Purpose> counted, boolean countsStreams) {
    this.readTwice = readTwice;
    this.counted = EnumSet.copyOf(counted);
    this.countsStreams = countsStreams;
  }

  void access(Allocation allocation, long offset, int bytes, boolean store, CacheHint hint) {
    if (!counted.contains(allocation.purpose)) return;
    if (allocation.purpose == readTwice && !store) {
      long[] reads = firstReads.computeIfAbsent(allocation, ReuseDistance::unread);
      for (long at = offset / GRANULE; at < (offset + bytes) / GRANULE; at++) {
        if (reads[(int) at] < 0) {
          reads[(int) at] = moved;
        } else {
          add(moved - reads[(int) at]);
        }
      }
    }
    if (countsStreams || hint != CacheHint.CS) moved += bytes;
  }

  private static long[] unread(Allocation allocation) {
    long[] reads = new long[Math.toIntExact(allocation.bytes / GRANULE)];
    Arrays.fill(reads, -1);
    return reads;
  }

  private void add(long distance) {
    if (count == distances.length) distances = Arrays.copyOf(distances, 2 * count);
    distances[count++] = distance;
  }

  /** The share of second reads that follow the first one within this many bytes. */
  public double shareWithin(long bytes) {
    long within = Arrays.stream(distances, 0, count).filter(distance -> distance <= bytes).count();
    return (double) within / count;
  }

  /** The distance that this share of the second reads does not exceed. */
  public long quantile(double share) {
    long[] sorted = Arrays.copyOf(distances, count);
    Arrays.sort(sorted);
    return sorted[(int) Math.ceil(share * count) - 1];
  }
}
