package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.sharding.ShardPlan;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import java.util.List;
import java.util.Set;

/** The caller's arrays of whole parameters, where a backend's own parameters differ from them. */
final class UserArrays {

  private record Arrays(TileArray weights, TileArray modelCopy, TileArray gradients) {}

  private List<ParameterGroup> groups;
  private final Arrays[][] arrays;
  private final boolean[][] frozen;

  UserArrays(List<ParameterGroup> groups) {
    arrays = new Arrays[groups.size()][];
    frozen = new boolean[groups.size()][];
    for (int g = 0; g < arrays.length; g++) {
      arrays[g] = new Arrays[groups.get(g).parameters().size()];
      frozen[g] = new boolean[arrays[g].length];
    }
    move(groups);
  }

  /** Replaces arrays. */
  void move(List<ParameterGroup> moved) {
    groups = moved;
    for (int g = 0; g < arrays.length; g++) {
      for (int p = 0; p < arrays[g].length; p++) {
        HostParameter host = parameter(g, p);
        arrays[g][p] =
            new Arrays(
                new TileArray(host.weights()),
                host.modelCopy().map(TileArray::new).orElse(null),
                new TileArray(host.gradients()));
      }
    }
  }

  void setFrozen(Set<String> names) {
    for (int g = 0; g < arrays.length; g++) {
      for (int p = 0; p < arrays[g].length; p++) {
        frozen[g][p] = names.contains(parameter(g, p).name());
      }
    }
  }

  boolean isFrozen(int group, int parameter) {
    return frozen[group][parameter];
  }

  List<ParameterGroup> groups() {
    return groups;
  }

  HostParameter parameter(int group, int parameter) {
    List<Parameter> parameters = groups.get(group).parameters();
    return (HostParameter) parameters.get(parameter);
  }

  TileArray gradients(int group, int parameter) {
    return arrays[group][parameter].gradients();
  }

  TileArray weights(int group, int parameter) {
    return arrays[group][parameter].weights();
  }

  /** Writes a tile of new weights to the weights and to the model copy, if there is one. */
  void storeWeights(int group, int parameter, float[] w, int start, int count, Span span) {
    Arrays to = arrays[group][parameter];
    to.weights().write(w, 0, start, count, span);
    if (to.modelCopy() != null) {
      to.modelCopy().write(w, 0, start, count, span);
    }
  }

  /** Arrays of floats with the lengths of the whole parameters, all zero. */
  float[][][] ofWholes() {
    return arraysOf((g, p) -> parameter(g, p).count());
  }

  /** Arrays of floats with the lengths of a rank's fragments, all zero. */
  float[][][] ofFragments(ShardPlan plan, int rank) {
    return arraysOf((g, p) -> plan.count(rank, g, p));
  }

  private interface Length {
    long of(int group, int parameter);
  }

  private float[][][] arraysOf(Length length) {
    float[][][] like = new float[arrays.length][][];
    for (int g = 0; g < like.length; g++) {
      like[g] = new float[arrays[g].length][];
      for (int p = 0; p < like[g].length; p++) {
        like[g][p] = new float[(int) length.of(g, p)];
      }
    }
    return like;
  }
}
