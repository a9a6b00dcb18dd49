package io.github.lamb4j.internal.numerics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TileSumsTest {

  private static final int TILES = 700;

  /** Byte orders of a buffer, as an enum for parameterized tests. */
  enum Order {
    LITTLE(ByteOrder.LITTLE_ENDIAN),
    BIG(ByteOrder.BIG_ENDIAN);

    final ByteOrder order;

    Order(ByteOrder order) {
      this.order = order;
    }
  }

  private static TileSums random(long seed) {
    Random random = new Random(seed);
    TileSums sums = new TileSums(TILES);
    for (int tile = 0; tile < TILES; tile++) {
      sums.set(tile, random.nextDouble() * Math.pow(10, random.nextInt(9) - 4));
    }
    return sums;
  }

  private static double over(TileSums sums, int first, int count) {
    return sums.over(first, count, new double[Tiling.LANES]);
  }

  @Test
  void shouldBeginWithZeros() {
    TileSums sums = new TileSums(3);
    assertEquals(3, sums.tileCount());
    assertEquals(0, sums.get(2));
    assertEquals(0, over(sums, 0, 3));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 255, 256, 257, 600})
  void shouldAddARangeInTheOrderOfTheLanes(int count) {
    int first = 41;
    TileSums sums = random(count);
    double[] lanes = new double[256];
    for (int i = 0; i < count; i++) {
      lanes[i % 256] += sums.get(first + i);
    }
    for (int stride = 128; stride > 0; stride /= 2) {
      for (int lane = 0; lane < stride; lane++) {
        lanes[lane] += lanes[lane + stride];
      }
    }
    assertBits(lanes[0], over(sums, first, count));
  }

  @Test
  void shouldGiveTheSameSumFromPartsComputedElsewhere() {
    TileSums whole = random(1);
    TileSums other = new TileSums(TILES);
    TileSums own = new TileSums(TILES);
    int cut = 123;
    for (int tile = 0; tile < TILES; tile++) {
      (tile < cut ? own : other).set(tile, whole.get(tile));
    }
    ByteBuffer message = ByteBuffer.allocateDirect((int) TileSums.byteCount(TILES - cut));
    other.export(cut, TILES - cut, message);
    own.importFrom(cut, TILES - cut, message.flip());
    assertBits(over(whole, 0, TILES), over(own, 0, TILES));
  }

  @ParameterizedTest
  @EnumSource
  void shouldExportLittleEndianWhateverTheBuffersOrder(Order order) {
    TileSums sums = new TileSums(2);
    sums.set(1, Double.longBitsToDouble(0x0102030405060708L));
    ByteBuffer buffer = ByteBuffer.allocate(11).order(order.order).position(2);
    sums.export(1, 1, buffer);
    assertEquals(10, buffer.position());
    assertEquals(order.order, buffer.order());
    for (int i = 0; i < 8; i++) {
      assertEquals(8 - i, buffer.get(2 + i));
    }
    TileSums copy = new TileSums(2);
    copy.importFrom(0, 1, buffer.position(2));
    assertEquals(10, buffer.position());
    assertBits(sums.get(1), copy.get(0));
  }

  @Test
  void shouldKeepNonFiniteSums() {
    TileSums sums = new TileSums(2);
    sums.set(0, Double.POSITIVE_INFINITY);
    sums.set(1, Double.NaN);
    ByteBuffer buffer = ByteBuffer.allocate(16);
    sums.export(0, 2, buffer);
    TileSums copy = new TileSums(2);
    copy.importFrom(0, 2, buffer.flip());
    assertEquals(Double.POSITIVE_INFINITY, copy.get(0));
    assertTrue(Double.isNaN(copy.get(1)));
    assertTrue(Double.isNaN(over(copy, 0, 2)));
  }

  @Test
  void shouldRejectABufferThatIsTooSmallBeforeWriting() {
    TileSums sums = random(2);
    ByteBuffer buffer = ByteBuffer.allocate(15);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> sums.export(0, 2, buffer));
    assertEquals(
        "tile sums: the buffer has 15 bytes remaining, and 2 tiles need 16; use a larger buffer",
        e.getMessage());
    assertEquals(0, buffer.position());
    assertThrows(IllegalArgumentException.class, () -> sums.importFrom(0, 2, buffer));
  }

  @Test
  void shouldRejectTilesThatDoNotExist() {
    TileSums sums = new TileSums(2);
    ByteBuffer buffer = ByteBuffer.allocate(100);
    assertThrows(IndexOutOfBoundsException.class, () -> sums.export(1, 2, buffer));
    assertThrows(IndexOutOfBoundsException.class, () -> sums.importFrom(-1, 1, buffer));
  }

  private static void assertBits(double expected, double actual) {
    assertEquals(Double.toHexString(expected), Double.toHexString(actual));
  }
}
