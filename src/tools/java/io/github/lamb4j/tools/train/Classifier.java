package io.github.lamb4j.tools.train;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.config.Hyperparameters;
import java.util.OptionalDouble;

/**
 * A bag-of-words classifier: the mean of the tokens' embeddings, a hidden layer, a softmax.
 *
 * <pre>
 * x = mean over the example's tokens t of E[t]     E is buckets x width
 * h = max(0, x A + a)                              A is width x hidden
 * p = softmax(h B + b)                             B is hidden x classes
 * loss = -log p[label], mean over the batch
 * </pre>
 *
 * <p>An implementation holds the parameters, their gradients, the activations of a batch and the
 * examples, all on one device. Two runs give the same bits.
 */
public interface Classifier extends AutoCloseable {

  /** An optimizer of all parameters. The caller closes it before this. */
  Lamb optimizer(Hyperparameters weights, Hyperparameters biases);

  /** Begins an epoch that takes the training examples in this order. */
  void startEpoch(int[] order);

  /**
   * Computes the gradients of the mean loss over the places {@code from <= i < to} of the epoch's
   * order, one batch: {@code from} is a multiple of the batch size.
   *
   * @return the sum of the examples' losses, if it is known without waiting for a device
   */
  OptionalDouble differentiate(int from, int to);

  /** The sum of the losses of all batches since {@link #startEpoch}. Waits for the device. */
  double epochLoss();

  /** The most likely class of every held-out example; the lowest one in case of a tie. */
  int[] predictHeldOut();

  /** A copy of the values of a parameter. Waits for the device. */
  float[] values(Layer layer);

  @Override
  void close();
}
