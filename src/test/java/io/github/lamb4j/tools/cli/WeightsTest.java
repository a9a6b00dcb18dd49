package io.github.lamb4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeightsTest {

  /** The last is the largest array of Java; from the one before it on, the end overflows. */
  @ParameterizedTest
  @ValueSource(
      ints = {0, 1, 65_535, 65_536, 65_537, 2_147_418_112, 2_147_418_113, Integer.MAX_VALUE - 8})
  void shouldGoThroughEveryElementOnce(int count) {
    long[] next = {0};
    Weights.forEachPiece(
        count,
        (offset, length) -> {
          assertEquals(next[0], offset);
          assertTrue(length > 0 && length <= 65_536);
          next[0] += length;
        });
    assertEquals(count, next[0]);
  }
}
