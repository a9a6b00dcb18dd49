package io.github.lamb4j.internal.safetensors;

import io.github.lamb4j.internal.files.Printable;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * A tensor of floats to write.
 *
 * @param name any text except {@code __metadata__}, which the format reserves
 * @param dtype F32, F16 or BF16; for the latter two each element is rounded to nearest even
 * @param shape the dimensions, outermost first
 * @param elements provides the elements
 */
public record TensorSource(String name, Dtype dtype, List<Long> shape, Elements elements) {

  /** Provides the elements of a tensor in pieces, from first to last. */
  @FunctionalInterface
  public interface Elements {
    /**
     * Fills the target from its position to its limit.
     *
     * @param offset the index of the first element, in row-major order
     * @param target a direct buffer, valid only during the call
     */
    void read(long offset, FloatBuffer target) throws IOException;
  }

  /** Copies the shape. */
  public TensorSource {
    if (name.equals(HeaderReader.METADATA)) {
      throw new IllegalArgumentException(
          "tensor name " + name + ": reserved by the format; choose another");
    }
    if (dtype != Dtype.F32 && dtype != Dtype.F16 && dtype != Dtype.BF16) {
      throw new IllegalArgumentException(
          "tensor %s: %s; floats can be written only as F32, F16 or BF16"
              .formatted(Printable.value(name), dtype));
    }
    shape = List.copyOf(shape);
  }

  /** An F32 tensor. */
  public TensorSource(String name, List<Long> shape, Elements elements) {
    this(name, Dtype.F32, shape, elements);
  }
}
