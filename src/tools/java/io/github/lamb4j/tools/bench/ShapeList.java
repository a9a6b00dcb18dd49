package io.github.lamb4j.tools.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Collects a model's tensors. Matrices and convolutions are decayed and adapted; biases and the
 * weights of norms are neither, as in the published recipes for LAMB.
 */
final class ShapeList {

  private final List<TensorShape> tensors = new ArrayList<>();

  void weight(String name, long... shape) {
    add(name, true, shape);
  }

  /** A bias, or a norm's weight. */
  void exempt(String name, long count) {
    add(name, false, count);
  }

  /** A matrix with its bias. */
  void linear(String name, long outputs, long inputs) {
    weight(name + ".weight", outputs, inputs);
    exempt(name + ".bias", outputs);
  }

  /** A norm with weight and bias. */
  void norm(String name, long count) {
    exempt(name + ".weight", count);
    exempt(name + ".bias", count);
  }

  private void add(String name, boolean trained, long... shape) {
    tensors.add(new TensorShape(name, Arrays.stream(shape).boxed().toList(), trained, trained));
  }

  List<TensorShape> tensors() {
    return tensors;
  }
}
