package io.github.lamb4j.tools.train;

import java.util.Arrays;

/**
 * The CPU twins of the kernels in {@code kernels/train}, for one example at a time: row {@code n}
 * of the batch's matrices. The results have the same bits, except after exp and log, which differ
 * in the last bit of a binary64.
 */
final class HostKernels {

  private HostKernels() {}

  /** The weight of one token in the mean; 0 for an example without tokens. */
  static float tokenShare(int[] tokens) {
    return tokens.length == 0 ? 0 : 1f / tokens.length;
  }

  static void meanEmbedding(float[] x, int n, float[] embedding, int[] tokens, int width) {
    int at = n * width;
    Arrays.fill(x, at, at + width, 0);
    float share = tokenShare(tokens);
    for (int token : tokens) {
      Matrices.addScaled(x, at, width, share, embedding, token * width);
    }
  }

  static void meanGradient(float[] dx, int n, int[] tokens, int width) {
    float share = tokenShare(tokens);
    for (int i = n * width; i < (n + 1) * width; i++) {
      dx[i] *= share;
    }
  }

  /** The activation only: here, the product starts from the bias. */
  static void relu(float[] h, int n, int hidden) {
    for (int i = n * hidden; i < (n + 1) * hidden; i++) {
      h[i] = Math.max(0, h[i]);
    }
  }

  static void reluGradient(float[] dh, float[] h, int n, int hidden) {
    for (int i = n * hidden; i < (n + 1) * hidden; i++) {
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
  static double softmaxLoss(float[] p, int n, int label, int count, int classes) {
    int from = n * classes;
    int to = from + classes;
    float max = p[largest(p, n, classes) + from];
    double labelLogit = (double) p[from + label] - max;
    double sum = 0;
    for (int i = from; i < to; i++) {
      double e = StrictMath.exp((double) p[i] - max);
      p[i] = (float) e;
      sum += e;
    }
    double scale = 1 / (sum * count);
    for (int i = from; i < to; i++) {
      p[i] = (float) (p[i] * scale);
    }
    p[from + label] -= (float) (1.0 / count);
    return StrictMath.log(sum) - labelLogit;
  }

  /** The lowest index of the largest of an example's values. */
  static int largest(float[] values, int n, int classes) {
    int from = n * classes;
    int largest = 0;
    for (int i = 1; i < classes; i++) {
      if (values[from + i] > values[from + largest]) {
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
      float[] gradient, float[] dx, int[][] tokensOfBatch, int width, int lowest, int end) {
    Arrays.fill(gradient, lowest * width, end * width, 0);
    for (int n = 0; n < tokensOfBatch.length; n++) {
      for (int token : tokensOfBatch[n]) {
        if (token >= lowest && token < end) {
          Matrices.addScaled(gradient, token * width, width, 1, dx, n * width);
        }
      }
    }
  }
}
