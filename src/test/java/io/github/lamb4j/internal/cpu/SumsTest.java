package io.github.lamb4j.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The order of every sum, against the tree of {@code kernels/numerics.cuh} written out anew. */
class SumsTest {

  private static final int TILE = 2048;
  private static final int LANES = 256;

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 1023, 2047, 2048})
  void shouldSumTheSquaresOfATileAsABlockOfThreadsDoes(int count) {
    float[] x = new float[TILE];
    Random random = new Random(count);
    for (int i = 0; i < count; i++) {
      x[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(9) - 4));
    }
    double actual = Sums.ofSquares(x, dirty(TILE / 4));
    assertEquals(bits(asThreadsDo(x)), bits(actual));
  }

  @Test
  void shouldDependOnTheOrder() {
    // The test above proves something only if another order gives other bits.
    float[] x = new float[TILE];
    double naive = 0;
    Random random = new Random(8);
    for (int i = 0; i < TILE; i++) {
      x[i] = (float) random.nextGaussian();
      naive += (double) x[i] * x[i];
    }
    assertNotEquals(bits(naive), bits(Sums.ofSquares(x, dirty(TILE / 4))));
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
  void shouldLetNothingHideInTheScratch() {
    assertEquals(0, Sums.ofSquares(new float[TILE], dirty(TILE / 4)));
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

  /** By fma, as the kernel has it: exact squares make it round as plain sums do. */
  private static double quad(float[] x, int q) {
    double sum = (double) x[4 * q] * x[4 * q];
    for (int i = 4 * q + 1; i < 4 * q + 4; i++) {
      sum = Math.fma((double) x[i], (double) x[i], sum);
    }
    return sum;
  }

  /**
   * Halving strides, seen from the result: at the last stride, 1, it joins the values at even and
   * at odd places, each of them joined in the same way.
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
