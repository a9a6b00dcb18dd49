package io.github.lamb4j.tools.train;

import java.util.Arrays;

/**
 * A layer {@code out = in W + b} on the CPU. It computes with copies of the weights and of their
 * gradients, by row and by column.
 */
final class DenseLayer {

  private final float[] weights;
  private final float[] bias;
  private final float[] weightGradient;
  private final float[] biasGradient;
  private final float[][] rows;
  private final float[][] columns;
  private final float[][] gradientRows;

  /**
   * A layer on the arrays of an optimizer.
   *
   * @param weights W, row-major
   */
  DenseLayer(float[] weights, float[] bias, float[] weightGradient, float[] biasGradient) {
    this.weights = weights;
    this.bias = bias;
    this.weightGradient = weightGradient;
    this.biasGradient = biasGradient;
    int inputs = weights.length / bias.length;
    rows = new float[inputs][bias.length];
    columns = new float[bias.length][inputs];
    gradientRows = new float[inputs][bias.length];
  }

  /** The length of an input. */
  int inputs() {
    return rows.length;
  }

  /** Takes over weights that have changed. */
  void load() {
    Matrices.copyRows(weights, rows);
    Matrices.transpose(rows, columns);
  }

  void forward(float[] out, float[] in) {
    System.arraycopy(bias, 0, out, 0, bias.length);
    Matrices.addRowTimesMatrix(out, in, rows);
  }

  /** From the gradient of an output to that of its input. */
  void backward(float[] inGradient, float[] outGradient) {
    Arrays.fill(inGradient, 0);
    Matrices.addRowTimesMatrix(inGradient, outGradient, columns);
  }

  /** Sums the gradients of the rows {@code from <= i < to} of W over a batch. */
  void sumWeightGradient(float[][] in, float[][] outGradient, int count, int from, int to) {
    for (int i = from; i < to; i++) {
      Arrays.fill(gradientRows[i], 0);
    }
    Matrices.addTransposedProduct(gradientRows, from, to, in, outGradient, count);
    for (int i = from; i < to; i++) {
      System.arraycopy(gradientRows[i], 0, weightGradient, i * bias.length, bias.length);
    }
  }

  /** Sums the gradient of b over a batch. */
  void sumBiasGradient(float[][] outGradient, int count) {
    Arrays.fill(biasGradient, 0);
    for (int n = 0; n < count; n++) {
      Matrices.addScaled(biasGradient, 1, outGradient[n]);
    }
  }
}
