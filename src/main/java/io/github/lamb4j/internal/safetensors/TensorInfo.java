package io.github.lamb4j.internal.safetensors;

import java.util.List;

/**
 * A tensor of a file: what its header says of it.
 *
 * @param name any text; unique in its file
 * @param dtype the type of its elements
 * @param shape its dimensions, outermost first; none for a scalar, and a 0 among them for a tensor
 *     without elements
 * @param elementCount the product of its dimensions
 * @param begin its first byte, counted from the start of the file's data
 * @param end the byte behind its last
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
