package io.github.lamb4j.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TileArrayTest {

  private static List<List<Integer>> tiles(int from, int to) {
    List<List<Integer>> tiles = new ArrayList<>();
    TileArray.forEachTile(
        from,
        to,
        (start, count) -> {
          tiles.add(List.of(start, count));
          assertTrue(tiles.size() < 10, "endless");
        });
    return tiles;
  }

  @Test
  void shouldDivideARangeIntoTiles() {
    assertEquals(List.of(), tiles(5, 5));
    assertEquals(List.of(List.of(5, 2048)), tiles(5, 2053));
    assertEquals(List.of(List.of(5, 2048), List.of(2053, 1)), tiles(5, 2054));
  }

  /** The start of the next tile would not be an int. */
  @Test
  void shouldEndAtTheLargestArray() {
    int most = Integer.MAX_VALUE;
    assertEquals(
        List.of(List.of(most - 2050, 2048), List.of(most - 2, 2)), tiles(most - 2050, most));
  }
}
