package io.github.lamb4j.internal.numerics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PiecesTest {

  private static List<List<Integer>> tiles(int from, int to) {
    List<List<Integer>> tiles = new ArrayList<>();
    Pieces.forEach(
        from,
        to,
        2048,
        (start, count) -> {
          tiles.add(List.of(start, count));
          assertTrue(tiles.size() < 10, "endless");
        });
    return tiles;
  }

  @Test
  void shouldDivideARange() {
    assertEquals(List.of(), tiles(5, 5));
    assertEquals(List.of(List.of(5, 2048)), tiles(5, 2053));
    assertEquals(List.of(List.of(5, 2048), List.of(2053, 1)), tiles(5, 2054));
  }

  /** The start of the next piece would not be an int. */
  @Test
  void shouldEndAtTheLargestArray() {
    int most = Integer.MAX_VALUE;
    assertEquals(
        List.of(List.of(most - 2050, 2048), List.of(most - 2, 2)), tiles(most - 2050, most));
  }

  /** The last is the largest array of Java; from the one before it on, the end overflows. */
  @ParameterizedTest
  @ValueSource(
      ints = {0, 1, 65_535, 65_536, 65_537, 2_147_418_112, 2_147_418_113, Integer.MAX_VALUE - 8})
  void shouldGoThroughEveryElementOnce(int count) {
    long[] next = {0};
    Pieces.forEach(
        0,
        count,
        65_536,
        (start, length) -> {
          assertEquals(next[0], start);
          assertTrue(length > 0 && length <= 65_536);
          next[0] += length;
        });
    assertEquals(count, next[0]);
  }
}
