package io.github.lamb4j.internal.engine;

import io.github.lamb4j.internal.spi.Backend;
import io.github.lamb4j.internal.spi.MemorySpace;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.StateArray;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The parameter groups of an optimizer, checked against each other, and where each name stands. */
public final class Model {

  /** Where a parameter stands: its group, and its place in it. */
  record Place(int group, int parameter) {}

  private static final int PIECE = 1 << 20;

  final List<ParameterGroup> groups;
  private final Map<String, Place> places = new HashMap<>();

  /**
   * Checks everything that can be without a device.
   *
   * @param memory where this optimizer's parameters are stored
   * @throws IllegalArgumentException if there is no group, a name stands twice, a parameter lies
   *     elsewhere, or the memory of two tensors overlaps
   */
  public Model(List<ParameterGroup> groups, MemorySpace memory) {
    if (groups.isEmpty()) {
      throw new IllegalArgumentException("no parameter group: add at least one with group(...)");
    }
    this.groups = List.copyOf(groups);
    requireUniqueGroups();
    for (int g = 0; g < groups.size(); g++) {
      List<Parameter> parameters = groups.get(g).parameters();
      for (int p = 0; p < parameters.size(); p++) {
        add(groups.get(g), parameters.get(p), new Place(g, p), memory);
      }
    }
    Overlaps.refuse(groups);
  }

  private void requireUniqueGroups() {
    Set<String> names = new HashSet<>();
    for (ParameterGroup group : groups) {
      if (!names.add(group.name())) {
        throw new IllegalArgumentException("group " + group.name() + ": two groups have this name");
      }
    }
  }

  private void add(ParameterGroup group, Parameter parameter, Place place, MemorySpace memory) {
    if (places.put(parameter.name(), place) != null) {
      throw new IllegalArgumentException(
          "parameter %s (group %s): two parameters have this name"
              .formatted(parameter.name(), group.name()));
    }
    if (!memory.holds(parameter)) {
      throw new IllegalArgumentException(
          "parameter %s (group %s): this optimizer takes parameters made by Parameter.%s"
              .formatted(parameter.name(), group.name(), memory.factory()));
    }
  }

  /** Whether there is a parameter of this name. */
  boolean has(String name) {
    return places.containsKey(name);
  }

  Place placeOf(String name) {
    Place place = places.get(name);
    if (place == null) {
      throw new IllegalArgumentException(
          "parameter " + name + ": the optimizer has none of this name");
    }
    return place;
  }

  Parameter at(Place place) {
    return groups.get(place.group).parameters().get(place.parameter);
  }

  /** A parameter's place, after a look whether it has these elements. */
  Place placeOf(String name, long offset, long length) {
    Place place = placeOf(name);
    long count = at(place).count();
    if (offset < 0 || offset > count - length) {
      throw new IllegalArgumentException(
          "parameter %s: elements %d and on, %d of them, are not all within its %d"
              .formatted(name, offset, length, count));
    }
    return place;
  }

  /** A group's place, -1 if there is none of this name. */
  int indexOf(String group) {
    for (int g = 0; g < groups.size(); g++) {
      if (groups.get(g).name().equals(group)) {
        return g;
      }
    }
    return -1;
  }

  /** The groups that are left without some parameters. */
  List<ParameterGroup> without(Set<String> names) {
    List<ParameterGroup> left = new ArrayList<>();
    for (ParameterGroup group : groups) {
      List<Parameter> kept =
          group.parameters().stream().filter(p -> !names.contains(p.name())).toList();
      if (!kept.isEmpty()) {
        left.add(new ParameterGroup(group.name(), group.hyperparameters(), kept));
      }
    }
    return left;
  }

  /** Copies the state of every parameter that this model shares with an older one. */
  void copyState(Model older, Backend from, Backend to) {
    FloatBuffer piece = FloatBuffer.allocate(PIECE);
    places.forEach(
        (name, place) -> {
          if (older.has(name)) {
            for (StateArray array : StateArray.of(at(place).hasMaster())) {
              copy(older.placeOf(name), from, place, to, array, piece);
            }
          }
        });
  }

  private void copy(
      Place from, Backend source, Place to, Backend target, StateArray array, FloatBuffer piece) {
    long count = at(to).count();
    for (long offset = 0; offset < count; offset += PIECE) {
      piece.clear().limit((int) Math.min(PIECE, count - offset));
      source.read(from.group, from.parameter, array, offset, piece);
      target.write(to.group, to.parameter, array, offset, piece.flip());
    }
  }
}
