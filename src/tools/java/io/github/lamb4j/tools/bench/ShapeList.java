package io.github.lamb4j.tools.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Collects the tensors of a model. Matrices and convolutions have decay and adaptation; biases and
 * the weights of normalization layers have neither, as in the published recipes for LAMB.
 */
final class ShapeList {

  private final List<TensorShape> tensors = new ArrayList<>();

  void weight(String name, long... shape) {
    add(name, true, shape);
  }

  /** A bias, or the weight of a normalization layer. */
  void exempt(String name, long count) {
    add(name, false, count);
  }

  /** A matrix and its bias. */
  void linear(String name, long outputs, long inputs) {
    weight(name + ".weight", outputs, inputs);
    exempt(name + ".bias", outputs);
  }

  /** The weight and bias of a normalization layer. */
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
