package io.github.lamb4j.tools.train;

import java.util.Arrays;

/**
 * The CPU twins of the kernels in {@code kernels/train}, for one example at a time: a row of the
 * batch's matrices. The results have the same bits, except after exp and log, which differ in the
 * last bit of a binary64.
 */
final class HostKernels {

  private HostKernels() {}

  /** The weight of one token in the mean; 0 for an example without tokens. */
  static float tokenShare(int[] tokens) {
    return tokens.length == 0 ? 0 : 1f / tokens.length;
  }

  static void meanEmbedding(float[] x, float[] embedding, int[] tokens) {
    Arrays.fill(x, 0);
    float share = tokenShare(tokens);
    float[] row = new float[x.length];
    for (int token : tokens) {
      System.arraycopy(embedding, token * row.length, row, 0, row.length);
      Matrices.addScaled(x, share, row);
    }
  }

  static void meanGradient(float[] dx, int[] tokens) {
    float share = tokenShare(tokens);
    for (int i = 0; i < dx.length; i++) {
      dx[i] *= share;
    }
  }

  /** The activation only: here, the product starts from the bias. */
  static void relu(float[] h) {
    for (int i = 0; i < h.length; i++) {
      h[i] = Math.max(0, h[i]);
    }
  }

  static void reluGradient(float[] dh, float[] h) {
    for (int i = 0; i < dh.length; i++) {
      dh[i] = h[i] > 0 ? dh[i] : 0;
    }
  }

  /**
   * Replaces logits by the gradient of the batch's mean loss with respect to them: {@code (softmax
   * - one-hot) / count}. StrictMath, because results of Math.exp and Math.log may differ between
   * JVMs.
   *
   * @return the example's loss
   */
  static double softmaxLoss(float[] p, int label, int count) {
    float max = p[largest(p)];
    double labelLogit = (double) p[label] - max;
    double sum = 0;
    for (int i = 0; i < p.length; i++) {
      double e = StrictMath.exp((double) p[i] - max);
      p[i] = (float) e;
      sum += e;
    }
    double scale = 1 / (sum * count);
    for (int i = 0; i < p.length; i++) {
      p[i] = (float) (p[i] * scale);
    }
    p[label] -= (float) (1.0 / count);
    return StrictMath.log(sum) - labelLogit;
  }

  /** The lowest index of the largest value. */
  static int largest(float[] values) {
    int largest = 0;
    for (int i = 1; i < values.length; i++) {
      if (values[i] > values[largest]) {
        largest = i;
      }
    }
    return largest;
  }

  /**
   * Sums the gradients of all occurrences of the buckets {@code lowest <= bucket < end} in a batch,
   * in the order of the batch.
   */
  static void embeddingGradient(
      float[] gradient, float[][] dx, int[][] tokensOfBatch, int width, int lowest, int end) {
    Arrays.fill(gradient, lowest * width, end * width, 0);
    for (int n = 0; n < tokensOfBatch.length; n++) {
      for (int token : tokensOfBatch[n]) {
        if (token >= lowest && token < end) {
          addRow(gradient, token * width, dx[n]);
        }
      }
    }
  }

  private static void addRow(float[] out, int at, float[] row) {
    for (int i = 0; i < row.length; i++) {
      out[at + i] += row[i];
    }
  }
}
