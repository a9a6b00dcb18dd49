package io.github.lamb4j.model;

import java.util.Optional;

/**
 * A parameter in host memory; made by {@link Parameter#onHost}.
 *
 * @param name the name
 * @param weights binary32; or half precision, and then the optimizer keeps a binary32 master
 * @param gradients of any type
 * @param modelCopy where each step puts the weights in half precision
 */
public record HostParameter(
    String name, HostArray weights, HostArray gradients, Optional<HostArray> modelCopy)
    implements Parameter {

  /** Checks what can be checked of one parameter alone. */
  public HostParameter {
    requireNonNull(name, weights, gradients);
    requireCount(name, weights, "gradients", "one gradient per weight", gradients);
    requireWritable(name, "weights", weights);
    requireHalfCopy(name, weights.type(), modelCopy.map(HostArray::type));
    if (modelCopy.isPresent()) {
      requireCount(name, weights, "model copies", "one per weight", modelCopy.get());
      requireWritable(name, "model copy", modelCopy.get());
    }
  }

  /**
   * The same parameter with a half-precision copy of its weights, for the model to compute with.
   * Each step rounds the new weights to nearest even into it.
   *
   * @throws IllegalArgumentException if the weights are not binary32, or the copy is not of half
   *     precision, read-only or of another length
   */
  public HostParameter withModelCopy(HostArray copy) {
    if (copy == null) {
      throw new IllegalArgumentException("parameter " + name + ": the model copy is null");
    }
    return new HostParameter(name, weights, gradients, Optional.of(copy));
  }

  @Override
  public long count() {
    return weights.count();
  }

  @Override
  public boolean hasMaster() {
    return weights.type() != DType.F32;
  }

  private static void requireCount(
      String name, HostArray weights, String what, String remedy, HostArray array) {
    if (weights.count() != array.count()) {
      throw new IllegalArgumentException(
          "parameter %s: %d weights but %d %s; give %s"
              .formatted(name, weights.count(), array.count(), what, remedy));
    }
  }

  private static void requireWritable(String name, String what, HostArray array) {
    if (array.isReadOnly()) {
      throw new IllegalArgumentException(
          "parameter " + name + ": " + what + " in a read-only buffer; give a writable one");
    }
  }

  static void requireHalfCopy(String name, DType weights, Optional<DType> copy) {
    if (copy.isEmpty()) {
      return;
    }
    if (copy.get() == DType.F32) {
      throw new IllegalArgumentException(
          "parameter " + name + ": the model copy is F32, like the weights; give F16 or BF16");
    }
    if (weights != DType.F32) {
      throw new IllegalArgumentException(
          "parameter %s: the weights are %s, the model's own, so that there is no other copy to write; leave it out"
              .formatted(name, weights));
    }
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
