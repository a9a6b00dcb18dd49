package io.github.lamb4j.tools.train;

import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.schedule.Schedule;
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

  /** The builder of an optimizer of all parameters, which is closed before this. */
  LambBuilder optimizer(Hyperparameters weights, Hyperparameters biases);

  /**
   * SGD with momentum for all parameters, without weight decay: {@code v = momentum v + gradient},
   * {@code w = w - rate v}. Valid until this is closed.
   */
  Stepper momentum(Schedule schedule, double momentum);

  /** Begins an epoch that takes the training examples in this order. */
  void startEpoch(int[] order);

  /**
   * Computes the gradients of a micro-batch's part of a batch's mean loss: the sum of the losses at
   * the places {@code from <= i < to} of the epoch's order, divided by the number of examples in
   * the batch. The gradients of all its micro-batches add up to those of the batch.
   *
   * @param batchExamples the number of examples in the whole batch
   * @return the sum of the examples' losses, if it is known without waiting for a device
   */
  OptionalDouble differentiate(int from, int to, int batchExamples);

  /**
   * The sum of the losses that were differentiated since {@link #startEpoch}. Waits for the device.
   */
  double epochLoss();

  /** The most likely class of every held-out example; the lowest one in case of a tie. */
  int[] predictHeldOut();

  /** A copy of the values of a parameter. Waits for the device. */
  float[] values(Layer layer);

  @Override
  void close();
}
