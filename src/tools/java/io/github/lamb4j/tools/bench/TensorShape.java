package io.github.lamb4j.tools.bench;

import java.util.List;

/**
 * The shape of one tensor of a model.
 *
 * @param name unique within its model
 * @param shape the dimensions; empty for a scalar
 * @param decay whether weight decay applies
 * @param adapt whether layer adaptation applies
 */
public record TensorShape(String name, List<Long> shape, boolean decay, boolean adapt) {

  /** Copies the shape. */
  public TensorShape {
    shape = List.copyOf(shape);
  }

  /**
   * The number of elements.
   *
   * @throws ArithmeticException if it overflows a {@code long}
   */
  public long count() {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }
}
