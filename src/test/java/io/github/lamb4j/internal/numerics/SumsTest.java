package io.github.lamb4j.internal.numerics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The order of every sum, against an independent version of {@code kernels/numerics.cuh}. */
class SumsTest {

  private static final int TILE = 2048;
  private static final int LANES = 256;

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 1023, 2047, 2048})
  void shouldSumTheSquaresOfATileLikeABlockOfThreads(int count) {
    float[] x = new float[TILE];
    Random random = new Random(count);
    for (int i = 0; i < count; i++) {
      x[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(9) - 4));
    }
    double actual = Sums.ofSquares(x, 0, count, dirty(TILE / 4));
    assertEquals(bits(asThreadsDo(x)), bits(actual));
    assertEquals(bits(actual), bits(Sums.ofSquares(x, 0, TILE, dirty(TILE / 4))));
  }

  @Test
  void shouldSumATileWithinAnArray() {
    float[] x = new float[TILE + 10];
    Random random = new Random(3);
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    double expected = Sums.ofSquares(Arrays.copyOfRange(x, 7, 7 + 1001), 0, 1001, dirty(TILE / 4));
    assertEquals(bits(expected), bits(Sums.ofSquares(x, 7, 1001, dirty(TILE / 4))));
  }

  @Test
  void shouldDependOnTheOrder() {
    // The test above is meaningful only if another order gives other bits.
    float[] x = new float[TILE];
    double naive = 0;
    Random random = new Random(8);
    for (int i = 0; i < TILE; i++) {
      x[i] = (float) random.nextGaussian();
      naive += (double) x[i] * x[i];
    }
    assertNotEquals(bits(naive), bits(Sums.ofSquares(x, 0, TILE, dirty(TILE / 4))));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 255, 256, 257, 511, 512, 513, 5000})
  void shouldSumTilesOverTheLanes(int count) {
    int first = 7;
    double[] values = new double[first + count + 3];
    Random random = new Random(count);
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextDouble() * Math.pow(10, random.nextInt(9) - 4);
    }
    List<Double> lanes = new ArrayList<>();
    for (int lane = 0; lane < LANES; lane++) {
      double sum = 0;
      for (int i = lane; i < count; i += LANES) {
        sum += values[first + i];
      }
      lanes.add(sum);
    }
    double actual = Sums.ofLanes(values, first, count, dirty(LANES));
    assertEquals(bits(tree(lanes, 0, 1)), bits(actual));
  }

  @Test
  void shouldIgnoreWhatTheScratchHeld() {
    assertEquals(0, Sums.ofSquares(new float[TILE], 0, TILE, dirty(TILE / 4)));
    assertEquals(0, Sums.ofLanes(new double[] {1}, 1, 0, dirty(LANES)));
  }

  /** A block of 256 threads: quads t and t + 256 in thread t, then the threads by the tree. */
  private static double asThreadsDo(float[] x) {
    List<Double> threads = new ArrayList<>();
    for (int t = 0; t < LANES; t++) {
      threads.add(quad(x, t) + quad(x, t + 256));
    }
    return tree(threads, 0, 1);
  }

  /** With fma, like the kernel: exact squares make it round like plain sums. */
  private static double quad(float[] x, int q) {
    double sum = (double) x[4 * q] * x[4 * q];
    for (int i = 4 * q + 1; i < 4 * q + 4; i++) {
      sum = Math.fma((double) x[i], (double) x[i], sum);
    }
    return sum;
  }

  /**
   * Halving strides, starting from the result: the last stride, 1, adds the sum of the values at
   * even places and the sum of those at odd places, which are formed the same way.
   */
  private static double tree(List<Double> values, int place, int step) {
    return step == values.size()
        ? values.get(place)
        : tree(values, place, 2 * step) + tree(values, place + step, 2 * step);
  }

  private static double[] dirty(int length) {
    double[] scratch = new double[length];
    Arrays.fill(scratch, Double.NaN);
    return scratch;
  }

  private static String bits(double x) {
    return Double.toHexString(x);
  }
}
