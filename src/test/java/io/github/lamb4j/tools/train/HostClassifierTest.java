package io.github.lamb4j.tools.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.Test;

class HostClassifierTest {

  // Sizes are not multiples of four, so that every loop has a remainder.
  private static final ModelShape SHAPE = new ModelShape(16, 5, 7, 3);

  // An empty example, a token that repeats in an example, a token in several examples.
  private static final Examples EXAMPLES =
      new Examples(
          new int[][] {{1, 2, 3}, {}, {4, 4, 1}, {15}, {0, 2, 5, 6, 7}, {9}, {2, 1}},
          new int[] {0, 1, 2, 2, 1, 0, 0});

  private static final int[] ORDER = {6, 2, 5, 1, 0, 4, 3};

  @Test
  void shouldAgreeWithFiniteDifferences() {
    ForkJoinPool workers = new ForkJoinPool(2);
    HostClassifier model = model(workers);
    double[][] exact = copies(model);
    double loss = model.differentiate(0, ORDER.length, ORDER.length).orElseThrow();
    assertEquals(loss(exact, ORDER, 0, ORDER.length), loss / ORDER.length, 1e-6);
    assertGradients(model, exact, 0, ORDER.length);
  }

  @Test
  void shouldForgetThePreviousBatch() {
    ForkJoinPool workers = new ForkJoinPool(1);
    HostClassifier model = model(workers);
    model.differentiate(0, ORDER.length, ORDER.length);
    model.differentiate(2, 5, 3);
    assertGradients(model, copies(model), 2, 5);
  }

  private static void assertGradients(HostClassifier model, double[][] exact, int from, int to) {
    double delta = 1e-6;
    for (int layer = 0; layer < exact.length; layer++) {
      Layer checked = Layer.values()[layer];
      for (int i = 0; i < exact[layer].length; i++) {
        double value = exact[layer][i];
        exact[layer][i] = value + delta;
        double above = loss(exact, ORDER, from, to);
        exact[layer][i] = value - delta;
        double below = loss(exact, ORDER, from, to);
        exact[layer][i] = value;
        assertEquals(
            (above - below) / (2 * delta),
            model.gradient(checked)[i],
            1e-6,
            checked.label() + "[" + i + "]");
      }
    }
  }

  // The formulas of Classifier's Javadoc in binary64, term by term.
  private static double loss(double[][] layers, int[] order, int from, int to) {
    double sum = 0;
    for (int at = from; at < to; at++) {
      double[] x = mean(layers[0], EXAMPLES.tokens()[order[at]]);
      double[] h = affine(x, layers[1], layers[2]);
      for (int i = 0; i < h.length; i++) {
        h[i] = Math.max(0, h[i]);
      }
      double[] logits = affine(h, layers[3], layers[4]);
      double total = 0;
      for (double logit : logits) {
        total += Math.exp(logit);
      }
      sum += Math.log(total) - logits[EXAMPLES.labels()[order[at]]];
    }
    return sum / (to - from);
  }

  private static double[] mean(double[] embedding, int[] tokens) {
    double[] x = new double[SHAPE.width()];
    for (int token : tokens) {
      for (int i = 0; i < x.length; i++) {
        x[i] += embedding[token * x.length + i] / tokens.length;
      }
    }
    return x;
  }

  private static double[] affine(double[] input, double[] weight, double[] bias) {
    double[] output = bias.clone();
    for (int j = 0; j < output.length; j++) {
      for (int i = 0; i < input.length; i++) {
        output[j] += input[i] * weight[i * output.length + j];
      }
    }
    return output;
  }

  private static double[][] copies(HostClassifier model) {
    double[][] copies = new double[Layer.values().length][];
    for (int layer = 0; layer < copies.length; layer++) {
      float[] values = model.values(Layer.values()[layer]);
      copies[layer] = new double[values.length];
      for (int i = 0; i < values.length; i++) {
        copies[layer][i] = values[i];
      }
    }
    return copies;
  }

  // With zero biases, the empty example would be at the kink of max(0, .), where finite differences
  // are wrong.
  private static HostClassifier model(ForkJoinPool workers) {
    HostClassifier model = model(ORDER.length, workers);
    fill(model.weight(Layer.HIDDEN_BIAS), 1);
    fill(model.weight(Layer.OUTPUT_BIAS), 2);
    return model;
  }

  private static HostClassifier model(int batchSize, ForkJoinPool workers) {
    HostClassifier model =
        new HostClassifier(SHAPE, batchSize, 5, new Examples.Split(EXAMPLES, EXAMPLES), workers);
    model.startEpoch(ORDER);
    return model;
  }

  private static void fill(float[] values, long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
  }

  @Test
  void shouldGiveTheSameBitsForEveryNumberOfThreads() {
    Examples.Split data = WordNet.sample(900);
    int[] order = new int[321];
    for (int i = 0; i < order.length; i++) {
      order[i] = (i * 7) % data.train().size();
    }
    ModelShape shape = new ModelShape(Trainer.BUCKETS, 10, 13, 45);
    float[][] expected = null;
    for (int threads = 1; threads <= 5; threads++) {
      ForkJoinPool workers = new ForkJoinPool(threads);
      HostClassifier model = new HostClassifier(shape, order.length, 3, data, workers);
      model.startEpoch(order);
      model.differentiate(0, order.length, order.length);
      float[][] gradients = new float[5][];
      for (int i = 0; i < 5; i++) {
        gradients[i] = model.gradient(Layer.values()[i]);
      }
      if (expected == null) {
        expected = gradients;
      }
      for (int i = 0; i < 5; i++) {
        // assertArrayEquals without a delta compares bits
        assertArrayEquals(expected[i], gradients[i]);
      }
    }
  }

  @Test
  void shouldPredictBeyondItsCapacity() {
    ForkJoinPool workers = new ForkJoinPool(2);
    int[] whole = model(7, workers).predictHeldOut();
    int[] pieces = model(3, workers).predictHeldOut();
    assertArrayEquals(whole, pieces);
    assertEquals(EXAMPLES.size(), pieces.length);
  }

  @Test
  void shouldStayFiniteWhenTheLogitsAreHuge() {
    ForkJoinPool workers = new ForkJoinPool(1);
    HostClassifier model = model(7, workers);
    model.weight(Layer.OUTPUT_BIAS)[1] = 1e30f;
    double loss = model.differentiate(0, ORDER.length, ORDER.length).orElseThrow();
    assertTrue(Double.isFinite(loss) && loss > 1e30, "loss " + loss);
  }
}
