package io.github.lamb4j.safetensors;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * A float tensor that is to be written.
 *
 * @param name any text but {@code __metadata__}, which the format keeps for itself
 * @param shape its dimensions, outermost first
 * @param elements gives its elements
 */
public record TensorSource(String name, List<Long> shape, Elements elements) {

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
    shape = List.copyOf(shape);
  }
}
