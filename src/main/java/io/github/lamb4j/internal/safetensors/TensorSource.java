package io.github.lamb4j.internal.safetensors;

import io.github.lamb4j.internal.files.Printable;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * A tensor of floats that is to be written.
 *
 * @param name any text but {@code __metadata__}, which the format keeps for itself
 * @param dtype F32, F16 or BF16; to the latter two each element is rounded, to nearest even
 * @param shape its dimensions, outermost first
 * @param elements gives its elements
 */
public record TensorSource(String name, Dtype dtype, List<Long> shape, Elements elements) {

  /** Gives a tensor's elements in pieces, from first to last. */
  @FunctionalInterface
  public interface Elements {
    /**
     * Fills the target from its position to its limit.
     *
     * @param offset the first element asked for, counted from 0 in row-major order
     * @param target a direct buffer; valid during the call alone
     */
    void read(long offset, FloatBuffer target) throws IOException;
  }

  /** Copies the shape. */
  public TensorSource {
    if (name.equals(HeaderReader.METADATA)) {
      throw new IllegalArgumentException("the name " + name + " is reserved");
    }
    if (dtype != Dtype.F32 && dtype != Dtype.F16 && dtype != Dtype.BF16) {
      throw new IllegalArgumentException(
          "tensor %s: %s, and floats can be written as F32, F16 and BF16 only"
              .formatted(Printable.value(name), dtype));
    }
    shape = List.copyOf(shape);
  }

  /** An F32 tensor. */
  public TensorSource(String name, List<Long> shape, Elements elements) {
    this(name, Dtype.F32, shape, elements);
  }
}
