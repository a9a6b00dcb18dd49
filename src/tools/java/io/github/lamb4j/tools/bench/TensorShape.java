package io.github.lamb4j.tools.bench;

import java.util.List;

/**
 * A tensor of a model, without its contents.
 *
 * @param name unique within its model
 * @param shape its dimensions, none for a single number
 * @param decay whether weight decay applies to it
 * @param adapt whether it has a trust ratio of its own
 */
public record TensorShape(String name, List<Long> shape, boolean decay, boolean adapt) {

  /** Copies the shape. */
  public TensorShape {
    shape = List.copyOf(shape);
  }

  /**
   * The number of its elements.
   *
   * @throws ArithmeticException if that is more than a {@code long} holds
   */
  public long count() {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }
}
