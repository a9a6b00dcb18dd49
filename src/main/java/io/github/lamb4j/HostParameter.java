package io.github.lamb4j;

import java.nio.FloatBuffer;

/**
 * A parameter in host memory; made by {@link Parameter#onHost}.
 *
 * @param name the name
 * @param weights the elements between position and limit; each call gives a view of its own, whose
 *     position and limit are the caller's to move
 * @param gradients likewise
 */
public record HostParameter(String name, FloatBuffer weights, FloatBuffer gradients)
    implements Parameter {

  /** Checks what can be checked of one parameter alone. */
  public HostParameter {
    requireNonNull(name, weights, gradients);
    weights = weights.slice();
    gradients = gradients.slice();
    if (weights.capacity() != gradients.capacity()) {
      throw new IllegalArgumentException(
          "parameter %s: %d weights but %d gradients; give one gradient per weight"
              .formatted(name, weights.capacity(), gradients.capacity()));
    }
    if (weights.isReadOnly()) {
      throw new IllegalArgumentException(
          "parameter " + name + ": the weights are a read-only buffer; give a writable one");
    }
  }

  @Override
  public FloatBuffer weights() {
    return weights.duplicate();
  }

  @Override
  public FloatBuffer gradients() {
    return gradients.duplicate();
  }

  @Override
  public long count() {
    return weights.capacity();
  }

  static void requireNonNull(String name, Object weights, Object gradients) {
    if (name == null || name.isEmpty()) {
      throw new IllegalArgumentException("parameter name: " + (name == null ? "null" : "empty"));
    }
    if (weights == null || gradients == null) {
      throw new IllegalArgumentException(
          "parameter " + name + ": " + (weights == null ? "weights" : "gradients") + " are null");
    }
  }
}
