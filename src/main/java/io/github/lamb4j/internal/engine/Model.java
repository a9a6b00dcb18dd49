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
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The validated parameter groups of an optimizer, with a lookup by parameter name. */
public final class Model {

  /** The position of a parameter: the index of its group, and its index in the group. */
  record Place(int group, int parameter) {}

  /** Elements copied at a time. */
  private static final int PIECE = 1 << 20;

  final List<ParameterGroup> groups;

  /** The groups as they were before any move; its identity is that of the model for reports. */
  final List<ParameterGroup> shape;

  private final Map<String, Place> places;

  /**
   * Validates everything that does not need a device.
   *
   * @param memory the memory in which the backend expects parameters
   * @throws IllegalArgumentException if there is no group, a name is used twice, a parameter is in
   *     the wrong memory, or two arrays overlap
   */
  public Model(List<ParameterGroup> groups, MemorySpace memory) {
    if (groups.isEmpty()) {
      throw new IllegalArgumentException("no parameter group; add at least one with group(...)");
    }
    this.groups = List.copyOf(groups);
    shape = this.groups;
    places = new LinkedHashMap<>();
    requireUniqueGroups();
    for (int g = 0; g < groups.size(); g++) {
      List<Parameter> parameters = groups.get(g).parameters();
      for (int p = 0; p < parameters.size(); p++) {
        add(groups.get(g), parameters.get(p), new Place(g, p), memory);
      }
    }
    Overlaps.refuse(groups);
  }

  private Model(List<ParameterGroup> groups, Model before) {
    this.groups = List.copyOf(groups);
    shape = before.shape;
    places = before.places;
  }

  /**
   * Returns this model with other arrays, or this model itself if no array changes.
   *
   * @throws IllegalArgumentException if a parameter is unknown, differs in more than its addresses,
   *     or overlaps another
   */
  Model moved(MemorySpace memory, Parameter... parameters) {
    Map<Place, Parameter> changed = new HashMap<>();
    for (Parameter parameter : parameters) {
      Place place = placeOf(parameter.name());
      Moves.requireFitting(at(place), parameter, memory);
      if (changed.putIfAbsent(place, parameter) != null) {
        throw new IllegalArgumentException(
            "parameter " + parameter.name() + ": given twice; pass each parameter once");
      }
    }
    changed.entrySet().removeIf(entry -> entry.getValue().equals(at(entry.getKey())));
    if (changed.isEmpty()) {
      return this;
    }
    List<ParameterGroup> moved = new ArrayList<>(groups);
    changed.keySet().stream()
        .mapToInt(Place::group)
        .distinct()
        .forEach(
            g -> {
              List<Parameter> members = new ArrayList<>(groups.get(g).parameters());
              for (int p = 0; p < members.size(); p++) {
                members.set(p, changed.getOrDefault(new Place(g, p), members.get(p)));
              }
              moved.set(
                  g,
                  new ParameterGroup(
                      groups.get(g).name(), groups.get(g).hyperparameters(), members));
            });
    Overlaps.refuse(moved);
    return new Model(moved, this);
  }

  private void requireUniqueGroups() {
    Set<String> names = new HashSet<>();
    for (ParameterGroup group : groups) {
      if (!names.add(group.name())) {
        throw new IllegalArgumentException(
            "group " + group.name() + ": duplicate name; name each group differently");
      }
    }
  }

  private void add(ParameterGroup group, Parameter parameter, Place place, MemorySpace memory) {
    if (places.put(parameter.name(), place) != null) {
      throw new IllegalArgumentException(
          "parameter %s (group %s): duplicate name; name each parameter differently"
              .formatted(parameter.name(), group.name()));
    }
    if (!memory.holds(parameter)) {
      throw new IllegalArgumentException(
          "parameter %s (group %s): in the wrong memory for this optimizer; use Parameter.%s"
              .formatted(parameter.name(), group.name(), memory.factory()));
    }
  }

  /** Returns whether there is a parameter of this name. */
  boolean has(String name) {
    return places.containsKey(name);
  }

  Place placeOf(String name) {
    Place place = places.get(name);
    if (place == null) {
      throw new IllegalArgumentException(
          "parameter " + name + ": unknown to this optimizer; see groups()");
    }
    return place;
  }

  /** Returns the named parameters' names in the order of groups and parameters, without others. */
  Set<String> inOrder(Set<String> names) {
    return groups.stream()
        .flatMap(group -> group.parameters().stream())
        .map(Parameter::name)
        .filter(names::contains)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  Parameter at(Place place) {
    return groups.get(place.group).parameters().get(place.parameter);
  }

  /** Returns a parameter's position after checking a range of its elements. */
  Place placeOf(String name, long offset, long length) {
    Place place = placeOf(name);
    long count = at(place).count();
    if (offset < 0 || offset > count - length) {
      throw new IllegalArgumentException(
          "parameter %s: offset %d with length %d is out of bounds for %d elements"
              .formatted(name, offset, length, count));
    }
    return place;
  }

  /** Returns a group's index, or -1 if there is no group of this name. */
  int indexOf(String group) {
    for (int g = 0; g < groups.size(); g++) {
      if (groups.get(g).name().equals(group)) {
        return g;
      }
    }
    return -1;
  }

  /** Returns the groups without the named parameters, and without groups that become empty. */
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

  /** Copies the state of every parameter that is also in an older model. */
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
