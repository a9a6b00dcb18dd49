package io.github.lamb4j.tools.train;

/**
 * Products of row-major matrices. Each element is summed in binary32 in a fixed order: by ascending
 * index of the summed dimension, four terms at a time.
 */
final class Matrices {

  private Matrices() {}

  /** {@code out[j] += sum over i of row[i] matrix[i][j]}, for one row of {@code count} elements. */
  static void addRowTimesMatrix(
      float[] out, int outAt, float[] row, int rowAt, int count, float[] matrix, int columns) {
    int i = 0;
    for (; i + 4 <= count; i += 4) {
      int at = rowAt + i;
      addFour(
          out,
          outAt,
          columns,
          row[at],
          row[at + 1],
          row[at + 2],
          row[at + 3],
          matrix,
          i * columns,
          columns);
    }
    for (; i < count; i++) {
      addScaled(out, outAt, columns, row[rowAt + i], matrix, i * columns);
    }
  }

  /**
   * {@code out[i][j] += sum over n of left[n][i] right[n][j]} for {@code n < count} and the rows
   * {@code from <= i < to} of {@code out}.
   */
  static void addTransposedProduct(
      float[] out,
      int from,
      int to,
      float[] left,
      int leftColumns,
      float[] right,
      int columns,
      int count) {
    int n = 0;
    for (; n + 4 <= count; n += 4) {
      for (int i = from; i < to; i++) {
        int at = n * leftColumns + i;
        addFour(
            out,
            i * columns,
            columns,
            left[at],
            left[at + leftColumns],
            left[at + 2 * leftColumns],
            left[at + 3 * leftColumns],
            right,
            n * columns,
            columns);
      }
    }
    for (; n < count; n++) {
      for (int i = from; i < to; i++) {
        addScaled(out, i * columns, columns, left[n * leftColumns + i], right, n * columns);
      }
    }
  }

  /** {@code out[j][i] = matrix[i][j]}. */
  static void transpose(float[] matrix, int rows, int columns, float[] out) {
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        out[j * rows + i] = matrix[i * columns + j];
      }
    }
  }

  /** {@code out[j] += scale row[j]}. */
  static void addScaled(float[] out, int outAt, int count, float scale, float[] row, int rowAt) {
    for (int j = 0; j < count; j++) {
      out[outAt + j] += scale * row[rowAt + j];
    }
  }

  // Four rows per pass over out need a quarter of its loads and stores.
  private static void addFour(
      float[] out,
      int outAt,
      int count,
      float a,
      float b,
      float c,
      float d,
      float[] rows,
      int rowsAt,
      int stride) {
    int bAt = rowsAt + stride;
    int cAt = bAt + stride;
    int dAt = cAt + stride;
    for (int j = 0; j < count; j++) {
      out[outAt + j] +=
          (a * rows[rowsAt + j] + b * rows[bAt + j]) + (c * rows[cAt + j] + d * rows[dAt + j]);
    }
  }
}
