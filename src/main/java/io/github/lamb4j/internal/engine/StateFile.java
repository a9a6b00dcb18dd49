package io.github.lamb4j.internal.engine;

import io.github.lamb4j.config.LoadOption;
import io.github.lamb4j.internal.engine.Model.Place;
import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.internal.safetensors.Dtype;
import io.github.lamb4j.internal.safetensors.SafetensorsException;
import io.github.lamb4j.internal.safetensors.SafetensorsFile;
import io.github.lamb4j.internal.safetensors.SafetensorsWriter;
import io.github.lamb4j.internal.safetensors.TensorInfo;
import io.github.lamb4j.internal.safetensors.TensorSource;
import io.github.lamb4j.internal.spi.Backend;
import io.github.lamb4j.internal.spi.GradientOptions;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.StateArray;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The state of an optimizer in a safetensors file: {@code exp_avg/NAME}, {@code exp_avg_sq/NAME}
 * and, where weights are half precision, {@code master/NAME}, all F32 of shape [count]; the rest is
 * {@link StateMetadata}. An instance is an open file that fits an optimizer.
 */
final class StateFile implements AutoCloseable {

  private static final int PIECE = 1 << 20;

  /** One array of the state, and the parameter that it belongs to. */
  private record Array(StateArray kind, Parameter parameter, Place place) {

    static List<Array> of(Model model) {
      List<Array> arrays = new ArrayList<>();
      for (ParameterGroup group : model.groups) {
        for (Parameter parameter : group.parameters()) {
          for (StateArray kind : StateArray.of(parameter.hasMaster())) {
            arrays.add(new Array(kind, parameter, model.placeOf(parameter.name())));
          }
        }
      }
      return arrays;
    }

    String tensor() {
      return kind.tensorName(parameter.name());
    }

    void read(Backend backend, long offset, FloatBuffer target) {
      backend.read(place.group(), place.parameter(), kind, offset, target);
    }

    void write(Backend backend, long offset, FloatBuffer source) {
      backend.write(place.group(), place.parameter(), kind, offset, source);
    }
  }

  private final Path path;
  private final SafetensorsFile file;
  private final List<Array> arrays;
  private final StateMetadata metadata;

  private StateFile(
      Path path, SafetensorsFile file, Model model, GradientOptions options, LoadOption[] accepted)
      throws IOException {
    this.path = path;
    this.file = file;
    arrays = Array.of(model);
    metadata = new StateMetadata(path, file.metadata());
    metadata.requireMembers(model.groups);
    requireTensors(model);
    if (!Arrays.asList(accepted).contains(LoadOption.OTHER_HYPERPARAMETERS)) {
      metadata.requireHyperparameters(model.groups, options);
    }
  }

  /** Writes a file, whole or not at all, in pieces. */
  static void save(Path path, Model model, Backend backend, Map<String, String> metadata)
      throws IOException {
    List<TensorSource> tensors = new ArrayList<>();
    for (Array array : Array.of(model)) {
      tensors.add(
          new TensorSource(
              array.tensor(),
              List.of(array.parameter.count()),
              (offset, target) -> array.read(backend, offset, target)));
    }
    SafetensorsWriter.write(path, metadata, tensors);
  }

  /**
   * Opens a file and checks all but the elements.
   *
   * @throws SafetensorsException if it cannot be read or is no state
   * @throws IllegalArgumentException if it does not fit the optimizer
   */
  static StateFile open(Path path, Model model, GradientOptions options, LoadOption... accepted)
      throws IOException {
    SafetensorsFile file = SafetensorsFile.open(path);
    try {
      return new StateFile(path, file, model, options, accepted);
    } catch (Throwable refusal) {
      file.close();
      throw refusal;
    }
  }

  private void requireTensors(Model model) throws SafetensorsException {
    Set<String> wanted = new HashSet<>();
    for (Array array : arrays) {
      requireTensor(array);
      wanted.add(array.tensor());
    }
    for (TensorInfo tensor : file.tensors()) {
      if (!wanted.contains(tensor.name())) {
        requireNoMaster(model, tensor.name());
        throw new SafetensorsException(path, quoted(tensor) + " is of no parameter; remove it");
      }
    }
  }

  private void requireTensor(Array array) throws SafetensorsException {
    String name = Printable.value(array.parameter.name());
    long count = array.parameter.count();
    TensorInfo tensor = file.tensor(array.tensor()).orElse(null);
    if (tensor == null && array.kind == StateArray.MASTER) {
      throw unfit(
          path,
          "parameter %s has half weights here, and no master in the file; give it F32 weights, as it had"
              .formatted(name));
    }
    if (tensor == null) {
      throw new SafetensorsException(
          path, "tensor %s is missing".formatted(Printable.value(array.tensor())));
    }
    if (tensor.dtype() != Dtype.F32) {
      throw new SafetensorsException(
          path, "%s is %s, and states are F32".formatted(quoted(tensor), tensor.dtype()));
    }
    if (!tensor.shape().equals(List.of(count))) {
      throw unfit(
          path,
          "%s has shape %s, and parameter %s has %d elements here; build with the model that was saved"
              .formatted(quoted(tensor), tensor.shape(), name, count));
    }
  }

  private void requireNoMaster(Model model, String tensor) {
    String prefix = StateArray.MASTER.tensorName("");
    if (tensor.startsWith(prefix) && model.has(tensor.substring(prefix.length()))) {
      throw unfit(
          path,
          "parameter %s has F32 weights here, and a master in the file; give it half weights, as it had"
              .formatted(Printable.value(tensor.substring(prefix.length()))));
    }
  }

  private static String quoted(TensorInfo tensor) {
    return "tensor " + Printable.value(tensor.name());
  }

  StateMetadata metadata() {
    return metadata;
  }

  /** Replaces a backend's arrays; if that fails, a part of them. */
  void restore(Backend backend) throws IOException {
    long longest = arrays.stream().mapToLong(a -> a.parameter.count()).max().orElse(0);
    FloatBuffer piece = FloatBuffer.allocate((int) Math.min(PIECE, longest));
    for (Array array : arrays) {
      TensorInfo tensor = file.tensor(array.tensor()).orElseThrow();
      for (long offset = 0; offset < tensor.elementCount(); offset += piece.limit()) {
        piece.clear().limit((int) Math.min(PIECE, tensor.elementCount() - offset));
        file.read(tensor, offset, piece);
        array.write(backend, offset, piece.flip());
      }
    }
  }

  @Override
  public String toString() {
    return Printable.path(path);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  static IllegalArgumentException unfit(Path path, String problem) {
    return new IllegalArgumentException(Printable.path(path) + ": " + problem);
  }
}
