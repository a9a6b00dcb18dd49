package io.github.lamb4j.model;

import java.util.Optional;

/**
 * A parameter in host memory, created by {@link Parameter#onHost}.
 *
 * @param name the parameter's name
 * @param weights the weights; if they are in half precision, the optimizer keeps a float32 master
 * @param gradients the gradients, of any type
 * @param modelCopy the half-precision copy of float32 weights that each step writes, if any
 */
public record HostParameter(
    String name, HostArray weights, HostArray gradients, Optional<HostArray> modelCopy)
    implements Parameter {

  /**
   * Validates the parameter.
   *
   * @param name the name
   * @param weights the weights
   * @param gradients the gradients
   * @param modelCopy the model copy, if any
   * @throws IllegalArgumentException if an argument is null, the lengths differ, the weights or the
   *     model copy are read-only, or the model copy does not fit the type of the weights
   */
  public HostParameter {
    requireNonNull(name, weights, gradients);
    requireCount(name, weights, "gradients", gradients);
    requireWritable(name, "weights", weights);
    requireHalfCopy(name, weights.type(), modelCopy.map(HostArray::type));
    if (modelCopy.isPresent()) {
      requireCount(name, weights, "model copy elements", modelCopy.get());
      requireWritable(name, "model copy", modelCopy.get());
    }
  }

  /**
   * {@return this parameter with a half-precision copy of its weights, for the model's forward and
   * backward passes} Each step writes the new weights to the copy, rounded to nearest even.
   *
   * @param copy an array of {@link DType#F16} or {@link DType#BF16}, of the parameter's length
   * @throws IllegalArgumentException if the weights are not {@link DType#F32}, or the copy is not
   *     in half precision, is read-only or has another length
   */
  public HostParameter withModelCopy(HostArray copy) {
    if (copy == null) {
      throw new IllegalArgumentException("parameter " + name + ": model copy is null");
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

  private static void requireCount(String name, HostArray weights, String what, HostArray array) {
    if (weights.count() != array.count()) {
      throw new IllegalArgumentException(
          "parameter %s: %d weights but %d %s; the lengths must match"
              .formatted(name, weights.count(), array.count(), what));
    }
  }

  private static void requireWritable(String name, String what, HostArray array) {
    if (array.isReadOnly()) {
      throw new IllegalArgumentException(
          "parameter " + name + ": " + what + " is a read-only buffer; pass a writable one");
    }
  }

  static void requireHalfCopy(String name, DType weights, Optional<DType> copy) {
    if (copy.isEmpty()) {
      return;
    }
    if (copy.get() == DType.F32) {
      throw new IllegalArgumentException(
          "parameter " + name + ": model copy is F32, like the weights; pass F16 or BF16");
    }
    if (weights != DType.F32) {
      throw new IllegalArgumentException(
          "parameter %s: a model copy needs F32 weights, but the weights are %s; omit the copy"
              .formatted(name, weights));
    }
  }

  static void requireNonNull(String name, Object weights, Object gradients) {
    Names.require("parameter name", name);
    if (weights == null || gradients == null) {
      throw new IllegalArgumentException(
          "parameter " + name + ": " + (weights == null ? "weights" : "gradients") + " are null");
    }
  }
}
