package io.github.lamb4j.tools.train.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class BatchIndexTest {

  @Test
  void shouldListEveryOccurrenceInTheOrderOfTheBatch() {
    int[][] tokens = {{1, 2}, {}, {2, 2, 0}, {3}, {2}};
    BatchIndex index = new BatchIndex(tokens, new int[] {2, 0, 4, 1, 3}, 3, 4);
    assertEquals(0, index.firstRow(0));
    assertEquals(3, index.rows(0));
    assertEquals(3, index.firstRow(3));
    assertEquals(1, index.rows(3));
    assertEquals(4, index.rowCount());
    assertArrayEquals(new int[] {0, 1, 2, 3}, Arrays.copyOf(index.buckets, 4));
    assertArrayEquals(new int[] {0, 1, 2, 6, 7}, Arrays.copyOf(index.starts, 5));
    assertArrayEquals(new int[] {0, 1, 0, 0, 1, 2, 1}, index.positions);
  }
}
