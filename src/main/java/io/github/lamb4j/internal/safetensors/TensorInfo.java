package io.github.lamb4j.internal.safetensors;

import java.util.List;

/**
 * A tensor as the header of its file describes it.
 *
 * @param name any text; unique in the file
 * @param dtype the element type
 * @param shape the dimensions, outermost first; empty for a scalar, and with a 0 for a tensor
 *     without elements
 * @param elementCount the product of the dimensions
 * @param begin the offset of the first byte in the file's data
 * @param end the offset after the last byte
 */
public record TensorInfo(
    String name, Dtype dtype, List<Long> shape, long elementCount, long begin, long end) {

  /** Copies the shape. */
  public TensorInfo {
    shape = List.copyOf(shape);
  }

  static long elementCount(List<Long> shape) {
    long count = 1;
    for (long dimension : shape) {
      count = Math.multiplyExact(count, dimension);
    }
    return count;
  }
}
