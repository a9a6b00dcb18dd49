package io.github.lamb4j.tools.train;

/**
 * Products of matrices, each an array of rows. An element is summed in binary32 in a fixed order:
 * by ascending index of the summed dimension, four terms at a time.
 *
 * <p>Java 17's compiler vectorizes a loop only if it uses one index for all arrays, hence the rows.
 */
final class Matrices {

  private Matrices() {}

  /** {@code out[j] += sum over i of row[i] matrix[i][j]}. */
  static void addRowTimesMatrix(float[] out, float[] row, float[][] matrix) {
    int i = 0;
    for (; i + 4 <= row.length; i += 4) {
      addFour(out, row[i], row[i + 1], row[i + 2], row[i + 3], matrix, i);
    }
    for (; i < row.length; i++) {
      addScaled(out, row[i], matrix[i]);
    }
  }

  /**
   * {@code out[i][j] += sum over n of left[n][i] right[n][j]} for {@code n < count} and the rows
   * {@code from <= i < to} of {@code out}.
   */
  static void addTransposedProduct(
      float[][] out, int from, int to, float[][] left, float[][] right, int count) {
    int n = 0;
    for (; n + 4 <= count; n += 4) {
      for (int i = from; i < to; i++) {
        addFour(out[i], left[n][i], left[n + 1][i], left[n + 2][i], left[n + 3][i], right, n);
      }
    }
    for (; n < count; n++) {
      for (int i = from; i < to; i++) {
        addScaled(out[i], left[n][i], right[n]);
      }
    }
  }

  /** The rows of a row-major matrix. */
  static void copyRows(float[] matrix, float[][] rows) {
    int at = 0;
    for (float[] row : rows) {
      System.arraycopy(matrix, at, row, 0, row.length);
      at += row.length;
    }
  }

  /** {@code out[j][i] = rows[i][j]}. */
  static void transpose(float[][] rows, float[][] out) {
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < out.length; j++) {
        out[j][i] = rows[i][j];
      }
    }
  }

  /** {@code out[j] += scale row[j]}. */
  static void addScaled(float[] out, float scale, float[] row) {
    for (int j = 0; j < out.length; j++) {
      out[j] += scale * row[j];
    }
  }

  // Four rows per pass over out need a quarter of its loads and stores.
  private static void addFour(
      float[] out, float a, float b, float c, float d, float[][] rows, int first) {
    float[] rowA = rows[first];
    float[] rowB = rows[first + 1];
    float[] rowC = rows[first + 2];
    float[] rowD = rows[first + 3];
    for (int j = 0; j < out.length; j++) {
      out[j] += (a * rowA[j] + b * rowB[j]) + (c * rowC[j] + d * rowD[j]);
    }
  }
}
