package io.github.lamb4j.tools.cli;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.internal.engine.SavedGroup;
import io.github.lamb4j.internal.engine.StateMetadata;
import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.internal.safetensors.Dtype;
import io.github.lamb4j.internal.safetensors.SafetensorsFile;
import io.github.lamb4j.internal.safetensors.TensorInfo;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.StateArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What {@code lamb step} does with each tensor of a model: trains it, keeps it because it is
 * frozen, or carries it over because it is not made of floats.
 */
final class ModelPlan {

  /** What becomes of a tensor. */
  enum Role {
    TRAINED,
    FROZEN,
    CARRIED
  }

  /** The types of weights that can be trained, and of gradients. */
  static final List<Dtype> FLOATS = List.of(Dtype.F32, Dtype.F16, Dtype.BF16);

  private final Source params;
  private final List<Source> grads;
  private final TensorOptions.Rules rules;

  /** The parameters of the state; empty if there is none, or it names none. */
  private final Optional<Set<String>> saved;

  private final Map<TensorInfo, Role> roles = new LinkedHashMap<>();

  private ModelPlan(
      Source params, List<Source> grads, Optional<StateMetadata> state, TensorOptions.Rules rules) {
    this.params = params;
    this.grads = grads;
    this.rules = rules;
    saved =
        state
            .filter(metadata -> !metadata.bare())
            .map(
                metadata ->
                    metadata.groups().stream()
                        .map(SavedGroup::parameters)
                        .flatMap(List::stream)
                        .collect(Collectors.toSet()));
  }

  /**
   * Makes the plan.
   *
   * @throws BadInput if a tensor cannot be trained and nothing says that it need not be, or if
   *     files, options and state contradict each other
   */
  static ModelPlan of(
      Source params, List<Source> grads, Optional<StateMetadata> state, TensorOptions.Rules rules) {
    ModelPlan plan = new ModelPlan(params, grads, state, rules);
    plan.assignRoles();
    return plan;
  }

  private void assignRoles() {
    List<TensorInfo> tensors = params.file().tensors();
    if (tensors.isEmpty()) {
      throw new BadInput(params + ": has no tensors; there is nothing to train");
    }
    rules.requireUse(tensors.stream().map(TensorInfo::name).toList());
    for (TensorInfo tensor : tensors) {
      roles.put(tensor, role(tensor));
    }
    requireNoStrangers();
    if (trained().isEmpty()) {
      throw new BadInput(
          params + ": all of its tensors are frozen or not floats; leave one to train");
    }
    requireRoomForState();
  }

  /** A step is accepted only if its state can be written. */
  private void requireRoomForState() {
    for (SafetensorsFile file : params.file().files()) {
      long arrays =
          file.tensors().stream()
              .filter(tensor -> roles.get(tensor) == Role.TRAINED)
              .mapToLong(tensor -> StateArray.of(tensor.dtype() != Dtype.F32).size())
              .sum();
      if (arrays > SafetensorsFile.MAX_TENSORS) {
        throw new BadInput(
            "%s: its state would have %d tensors in a file, at most %d are allowed; divide the model into several files with an index"
                .formatted(params, arrays, SafetensorsFile.MAX_TENSORS));
      }
    }
  }

  private Role role(TensorInfo tensor) {
    if (!tensor.dtype().isFloat()) {
      requireNoGradient(
          tensor, "is " + tensor.dtype() + " in the model and cannot be trained; remove it");
      return Role.CARRIED;
    }
    Optional<NameExpression> freezing = rules.freezing(tensor.name());
    if (freezing.isPresent()) {
      requireNotSaved(tensor, freezing.get().toString());
      requireNoGradient(
          tensor,
          "is frozen by %s but has a gradient; remove one of them".formatted(freezing.get()));
      return Role.FROZEN;
    }
    if (saved.isPresent() && !saved.get().contains(tensor.name())) {
      requireNoGradient(
          tensor, "is not in the state, which was written with it frozen; remove its gradient");
      return Role.FROZEN;
    }
    if (rules.freezeMissing() && grads.stream().noneMatch(source -> source.has(tensor.name()))) {
      requireNotSaved(tensor, "--freeze-missing");
      return Role.FROZEN;
    }
    requireTrainable(tensor);
    grads.forEach(source -> requireGradient(source, tensor));
    return Role.TRAINED;
  }

  private void requireNoGradient(TensorInfo tensor, String problem) {
    for (Source source : grads) {
      if (source.has(tensor.name())) {
        throw source.refused(tensor.name(), problem);
      }
    }
  }

  private void requireNotSaved(TensorInfo tensor, String option) {
    if (saved.isPresent() && saved.get().contains(tensor.name())) {
      throw params.refused(
          tensor.name(),
          "would be frozen by %s, but the state has moments for it; pass its gradients"
              .formatted(option));
    }
  }

  private void requireTrainable(TensorInfo tensor) {
    if (tensor.name().isEmpty()) {
      throw params.refused("", "has an empty name; rename it");
    }
    requireType(params, tensor);
    if (tensor.elementCount() > Integer.MAX_VALUE - 8) {
      throw params.refused(
          tensor.name(),
          "has %d elements, at most %d fit a Java buffer; split it"
              .formatted(tensor.elementCount(), Integer.MAX_VALUE - 8));
    }
  }

  private static void requireGradient(Source source, TensorInfo weights) {
    TensorInfo gradient =
        source
            .file()
            .tensor(weights.name())
            .orElseThrow(
                () ->
                    source.refused(
                        weights.name(),
                        "is missing; pass its gradient, or freeze the tensor with --frozen REGEX, or"
                            + " every tensor without a gradient by --freeze-missing"));
    requireType(source, gradient);
    if (!gradient.shape().equals(weights.shape())) {
      throw source.refused(
          weights.name(),
          "has shape " + gradient.shape() + ", but the weights have " + weights.shape());
    }
  }

  private static void requireType(Source source, TensorInfo tensor) {
    if (!FLOATS.contains(tensor.dtype())) {
      String types = FLOATS.stream().map(Dtype::name).collect(Collectors.joining(" or "));
      throw source.refused(tensor.name(), "is " + tensor.dtype() + "; convert it to " + types);
    }
  }

  /** Gradients must belong to the model. */
  private void requireNoStrangers() {
    Set<String> names = new HashSet<>();
    params.file().tensors().forEach(tensor -> names.add(tensor.name()));
    for (Source source : grads) {
      for (TensorInfo tensor : source.file().tensors()) {
        if (!names.contains(tensor.name())) {
          throw source.refused(tensor.name(), "is not in the model; remove it");
        }
      }
    }
  }

  /** All tensors in the order of the file. */
  List<TensorInfo> tensors() {
    return List.copyOf(roles.keySet());
  }

  Role role(String tensor) {
    return roles.get(params.file().tensor(tensor).orElseThrow());
  }

  /** The tensors to train, in the order of the file. */
  List<TensorInfo> trained() {
    return with(Role.TRAINED);
  }

  private List<TensorInfo> with(Role role) {
    return tensors().stream().filter(tensor -> roles.get(tensor) == role).toList();
  }

  /** A table of all tensors, in the order of the file. */
  String table(List<ParameterGroup> groups) {
    Map<String, Hyperparameters> trained = new HashMap<>();
    groups.forEach(
        group -> group.parameters().forEach(p -> trained.put(p.name(), group.hyperparameters())));
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("tensor", "shape", "dtype", "decay", "adapted", "frozen"));
    roles.forEach(
        (tensor, role) -> {
          Hyperparameters own = trained.get(tensor.name());
          rows.add(
              List.of(
                  Printable.value(tensor.name()),
                  tensor.shape().toString(),
                  tensor.dtype().toString(),
                  own == null ? "-" : Double.toString(own.weightDecay()),
                  own == null ? "-" : own.isAdapted() ? "yes" : "no",
                  role == Role.TRAINED ? "no" : role == Role.FROZEN ? "yes" : "carried over"));
        });
    return aligned(rows);
  }

  private static String aligned(List<List<String>> rows) {
    int[] widths = new int[rows.get(0).size()];
    for (List<String> row : rows) {
      Arrays.setAll(widths, column -> Math.max(widths[column], row.get(column).length()));
    }
    StringBuilder table = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int column = 0; column < widths.length; column++) {
        line.append(("%-" + (widths[column] + 2) + "s").formatted(row.get(column)));
      }
      table.append(line.toString().stripTrailing()).append(System.lineSeparator());
    }
    return table.toString();
  }

  /** Names the tensors that are not trained, in a line for each reason. */
  List<String> untrained() {
    List<String> lines = new ArrayList<>();
    List<TensorInfo> carried = with(Role.CARRIED);
    if (!carried.isEmpty()) {
      lines.add(
          "%d tensor(s) carried over unchanged, not floats: %s"
              .formatted(
                  carried.size(),
                  carried.stream()
                      .map(tensor -> Printable.value(tensor.name()) + " (" + tensor.dtype() + ")")
                      .collect(Collectors.joining(", "))));
    }
    List<TensorInfo> frozen = with(Role.FROZEN);
    if (!frozen.isEmpty()) {
      lines.add(
          "%d tensor(s) frozen: %s"
              .formatted(
                  frozen.size(),
                  frozen.stream()
                      .map(tensor -> Printable.value(tensor.name()))
                      .collect(Collectors.joining(", "))));
    }
    return lines;
  }
}
