package io.github.lamb4j.internal.safetensors;

import io.github.lamb4j.internal.files.Printable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * A tensor to write.
 *
 * @param name any text except {@code __metadata__}, which the format reserves
 * @param dtype the element type
 * @param shape the dimensions, outermost first
 * @param data provides the elements
 */
public record TensorSource(String name, Dtype dtype, List<Long> shape, Data data) {

  /** Provides the data of a tensor in pieces, from first to last. */
  public sealed interface Data permits Elements, Bytes {}

  /** Provides floats. */
  @FunctionalInterface
  public non-sealed interface Elements extends Data {
    /**
     * Fills the target from its position to its limit.
     *
     * @param offset the index of the first element, in row-major order
     * @param target a direct buffer, valid only during the call
     */
    void read(long offset, FloatBuffer target) throws IOException;
  }

  /** Provides the bytes of the file. */
  @FunctionalInterface
  public non-sealed interface Bytes extends Data {
    /**
     * Fills the target from its position to its limit.
     *
     * @param offset the index of the first byte
     * @param target a direct buffer, valid only during the call
     */
    void read(long offset, ByteBuffer target) throws IOException;
  }

  /** Copies the shape. */
  public TensorSource {
    if (name.equals(HeaderReader.METADATA)) {
      throw new IllegalArgumentException(
          "tensor name " + name + ": reserved by the format; choose another");
    }
    if (data instanceof Elements
        && dtype != Dtype.F32
        && dtype != Dtype.F16
        && dtype != Dtype.BF16) {
      throw new IllegalArgumentException(
          "tensor %s: %s; floats can be written only as F32, F16 or BF16"
              .formatted(Printable.value(name), dtype));
    }
    shape = List.copyOf(shape);
  }

  /**
   * A tensor of type F32, F16 or BF16; for the latter two, elements are rounded to nearest even.
   */
  public TensorSource(String name, Dtype dtype, List<Long> shape, Elements elements) {
    this(name, dtype, shape, (Data) elements);
  }

  /** An F32 tensor. */
  public TensorSource(String name, List<Long> shape, Elements elements) {
    this(name, Dtype.F32, shape, elements);
  }

  /** A tensor of any type, byte for byte. */
  public static TensorSource raw(String name, Dtype dtype, List<Long> shape, Bytes bytes) {
    return new TensorSource(name, dtype, shape, (Data) bytes);
  }
}
