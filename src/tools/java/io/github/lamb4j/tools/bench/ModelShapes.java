package io.github.lamb4j.tools.bench;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LayerAdaptation;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tensors of a model, in the model's own order.
 *
 * @param name the name for {@code --model}
 * @param title the full name of the model
 * @param tensors at least one tensor
 */
public record ModelShapes(String name, String title, List<TensorShape> tensors) {

  /** Copies the list. */
  public ModelShapes {
    tensors = List.copyOf(tensors);
  }

  /** The number of elements of all tensors. */
  public long parameters() {
    return tensors.stream().mapToLong(TensorShape::count).reduce(0, Math::addExact);
  }

  /** The number of elements of the largest tensor. */
  public long largest() {
    return tensors.stream().mapToLong(TensorShape::count).max().orElse(0);
  }

  /** A combination of decay and adaptation; training programs group tensors this way. */
  record Kind(boolean decay, boolean adapt) {

    static Kind of(TensorShape tensor) {
      return new Kind(tensor.decay(), tensor.adapt());
    }

    String label() {
      return (decay ? "decayed" : "undecayed") + (adapt ? ", adapted" : ", not adapted");
    }
  }

  /** The indices of the tensors of each kind, in order of first appearance. */
  Map<Kind, List<Integer>> kinds() {
    Map<Kind, List<Integer>> kinds = new LinkedHashMap<>();
    for (int i = 0; i < tensors.size(); i++) {
      kinds.computeIfAbsent(Kind.of(tensors.get(i)), kind -> new ArrayList<>()).add(i);
    }
    return kinds;
  }

  /**
   * Creates a parameter group for each kind.
   *
   * @param base the hyperparameters of tensors with decay and adaptation
   * @param parameters one parameter for each tensor, in order
   */
  List<ParameterGroup> groups(Hyperparameters base, List<Parameter> parameters) {
    List<ParameterGroup> groups = new ArrayList<>();
    kinds()
        .forEach(
            (kind, members) -> {
              Hyperparameters own = kind.decay ? base : base.withWeightDecay(0);
              groups.add(
                  new ParameterGroup(
                      kind.label(),
                      kind.adapt ? own : own.withLayerAdaptation(LayerAdaptation.NEVER),
                      members.stream().map(parameters::get).toList()));
            });
    return groups;
  }
}
