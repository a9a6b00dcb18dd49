package io.github.lamb4j.emulator;

import java.util.Arrays;

/**
 * A sparse vector clock; immutable. For each block, warp and thread it holds a time: accesses
 * before it happened before the owner's next access.
 */
final class Knowledge {

  static final Knowledge NONE = new Knowledge(new int[0], new int[0]);

  /** The unit whose time says which strong stores are visible: those before it. */
  static final int MEMORY = -1;

  private final int[] units;
  private final int[] times;

  private Knowledge(int[] units, int[] times) {
    this.units = units;
    this.times = times;
  }

  static int block(int number) {
    return number << 2;
  }

  static int warp(int number) {
    return number << 2 | 1;
  }

  static int thread(int number) {
    return number << 2 | 2;
  }

  int of(int unit) {
    int at = Arrays.binarySearch(units, unit);
    return at < 0 ? 0 : times[at];
  }

  Knowledge with(int unit, int time) {
    return join(new Knowledge(new int[] {unit}, new int[] {time}));
  }

  Knowledge join(Knowledge other) {
    if (other == this || other.units.length == 0) return this;
    if (units.length == 0) return other;
    int[] joined = new int[units.length + other.units.length];
    int[] at = new int[joined.length];
    int count = 0;
    for (int i = 0, j = 0; i < units.length || j < other.units.length; count++) {
      boolean mine = j == other.units.length || i < units.length && units[i] <= other.units[j];
      boolean theirs = i == units.length || j < other.units.length && other.units[j] <= units[i];
      joined[count] = mine ? units[i] : other.units[j];
      at[count] = Math.max(mine ? times[i] : 0, theirs ? other.times[j] : 0);
      if (mine) i++;
      if (theirs) j++;
    }
    return new Knowledge(Arrays.copyOf(joined, count), Arrays.copyOf(at, count));
  }
}
