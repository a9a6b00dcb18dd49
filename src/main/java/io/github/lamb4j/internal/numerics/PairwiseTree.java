package io.github.lamb4j.internal.numerics;

/**
 * The order in which a fixed number of arrays is added elementwise: neighbors, then neighboring
 * sums, level by level; an odd one passes to the next level. Arrays arrive one by one, so sums that
 * wait for their neighbor are kept, at most one per level. The order is defined in {@code
 * kernels/NUMERICS.md}.
 *
 * <p>An array is added to the kept sums of {@link #levels}, from the lowest level to the highest.
 * The result is kept at {@link #target}.
 */
public final class PairwiseTree {

  private PairwiseTree() {}

  /**
   * {@return the number of levels at which sums are kept}
   *
   * @param count the number of arrays, at least 1
   */
  public static int keptLevels(int count) {
    return Integer.SIZE - Integer.numberOfLeadingZeros(count - 1);
  }

  /**
   * {@return the levels whose kept sums are added to an array, as a mask with bit 0 for the lowest}
   *
   * @param index the array's position, from 0
   * @param count the number of arrays
   */
  public static int levels(int index, int count) {
    return index == count - 1 ? index : index & ~(index + 1);
  }

  /**
   * {@return the level at which the result is kept, which is 0 for the last array}
   *
   * @param index the array's position, from 0
   * @param count the number of arrays
   */
  public static int target(int index, int count) {
    return index == count - 1 ? 0 : Integer.numberOfTrailingZeros(~index);
  }
}
