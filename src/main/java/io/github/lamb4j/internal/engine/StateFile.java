package io.github.lamb4j.internal.engine;

import io.github.lamb4j.config.LoadOption;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.internal.safetensors.Dtype;
import io.github.lamb4j.internal.safetensors.SafetensorsException;
import io.github.lamb4j.internal.safetensors.TensorFiles;
import io.github.lamb4j.internal.safetensors.TensorInfo;
import io.github.lamb4j.internal.safetensors.TensorSource;
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
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Function;

/**
 * The state of an optimizer in a safetensors file, or in several with an index: {@code
 * exp_avg/NAME}, {@code exp_avg_sq/NAME} and, for half-precision weights, {@code master/NAME}, all
 * F32; and {@link StateMetadata}. A tensor may have any shape with as many elements as the
 * parameter, and moments of other programs may be F16 or BF16, which are widened exactly. An
 * instance is an open file.
 *
 * <p>{@code Lamb.save} and {@code lamb step} both write this format, and both read it.
 */
public final class StateFile implements AutoCloseable {

  private static final int PIECE = 1 << 20;

  /** Provides the elements of an optimizer's state. */
  @FunctionalInterface
  public interface Source {
    /** Fills the target's remaining elements. */
    void read(String parameter, StateArray array, long offset, FloatBuffer target);
  }

  /** Receives the elements of a file. */
  @FunctionalInterface
  public interface Sink {
    /** Takes the source's remaining elements. */
    void write(String parameter, StateArray array, long offset, FloatBuffer source);
  }

  private final Path path;
  private final TensorFiles file;
  private final StateMetadata metadata;

  private StateFile(Path path, TensorFiles file) throws IOException {
    this.path = path;
    this.file = file;
    file.requireSameMetadata();
    List<String> tensors = file.tensors().stream().map(TensorInfo::name).toList();
    metadata = StateMetadata.read(path, file.metadata(), tensors);
  }

  /** The tensors of a state, for writing. */
  public static List<TensorSource> tensors(
      List<ParameterGroup> groups, Function<Parameter, List<Long>> shapes, Source source) {
    List<TensorSource> tensors = new ArrayList<>();
    for (Parameter parameter : parameters(groups)) {
      for (StateArray array : StateArray.of(parameter.hasMaster())) {
        tensors.add(
            new TensorSource(
                array.tensorName(parameter.name()),
                shapes.apply(parameter),
                (offset, target) -> source.read(parameter.name(), array, offset, target)));
      }
    }
    return tensors;
  }

  /**
   * Opens a file and reads its metadata.
   *
   * @throws SafetensorsException if it cannot be read or is not a state
   */
  public static StateFile open(Path path) throws IOException {
    TensorFiles file = TensorFiles.open(path);
    try {
      return new StateFile(path, file);
    } catch (Throwable refusal) {
      file.close();
      throw refusal;
    }
  }

  private static List<Parameter> parameters(List<ParameterGroup> groups) {
    return groups.stream().flatMap(group -> group.parameters().stream()).toList();
  }

  /** What the file says besides its tensors. */
  public StateMetadata metadata() {
    return metadata;
  }

  /**
   * Checks everything except the elements.
   *
   * @param rates the learning rates of this optimizer, to compare with those of the last steps
   * @throws SafetensorsException if the file is damaged
   * @throws IllegalArgumentException if it does not fit the optimizer; the message names what
   *     differs
   */
  void requireFit(
      List<ParameterGroup> groups,
      OptionalDouble maxGradNorm,
      NonFiniteGradients policy,
      StateFit.RateLookup rates,
      LoadOption... accepted)
      throws SafetensorsException {
    StateFit fit = fit();
    fit.requireMembers(groups);
    requireTensors(groups);
    if (accepts(accepted, LoadOption.OTHER_HYPERPARAMETERS)) {
      return;
    }
    fit.requireHyperparameters(groups, maxGradNorm, policy);
    if (!accepts(accepted, LoadOption.OTHER_LEARNING_RATE)) {
      fit.requireLearningRates(groups, rates);
    }
  }

  /** Compares the metadata with an optimizer. */
  StateFit fit() {
    return new StateFit(path, metadata);
  }

  private static boolean accepts(LoadOption[] accepted, LoadOption option) {
    return Arrays.asList(accepted).contains(option);
  }

  /**
   * Refuses a file that lacks a tensor of the optimizer's state, or has others, or has one of
   * another type or size.
   *
   * @throws SafetensorsException if the file is damaged
   * @throws IllegalArgumentException if it does not fit the optimizer
   */
  public void requireTensors(List<ParameterGroup> groups) throws SafetensorsException {
    Set<String> wanted = new HashSet<>();
    for (Parameter parameter : parameters(groups)) {
      for (StateArray array : StateArray.of(parameter.hasMaster())) {
        requireTensor(parameter, array);
        wanted.add(array.tensorName(parameter.name()));
      }
    }
    for (TensorInfo tensor : file.tensors()) {
      if (!wanted.contains(tensor.name())) {
        requireNoMaster(groups, tensor.name());
        throw new SafetensorsException(
            path,
            "unexpected tensor %s: the optimizer has no such parameter"
                .formatted(Printable.value(tensor.name())));
      }
    }
  }

  private void requireTensor(Parameter parameter, StateArray array) throws SafetensorsException {
    String name = Printable.value(parameter.name());
    String tensorName = Printable.value(array.tensorName(parameter.name()));
    TensorInfo tensor = file.tensor(array.tensorName(parameter.name())).orElse(null);
    if (tensor == null && array == StateArray.MASTER) {
      throw unfit(
          path,
          "parameter %s has half-precision weights here, but the state has no master weights (%s); give it F32 weights, as when the state was written"
              .formatted(name, tensorName));
    }
    if (tensor == null) {
      throw new SafetensorsException(path, "tensor %s is missing".formatted(tensorName));
    }
    boolean half = tensor.dtype() == Dtype.F16 || tensor.dtype() == Dtype.BF16;
    if (tensor.dtype() != Dtype.F32 && (array == StateArray.MASTER || !half)) {
      throw new SafetensorsException(
          path, "tensor %s is %s; convert it to F32".formatted(tensorName, tensor.dtype()));
    }
    if (tensor.elementCount() != parameter.count()) {
      throw unfit(
          path,
          "tensor %s has %d elements, but parameter %s has %d; use the model that the state was written for"
              .formatted(tensorName, tensor.elementCount(), name, parameter.count()));
    }
  }

  private void requireNoMaster(List<ParameterGroup> groups, String tensor) {
    for (Parameter parameter : parameters(groups)) {
      if (StateArray.MASTER.tensorName(parameter.name()).equals(tensor)) {
        throw unfit(
            path,
            "parameter %s has F32 weights here, but the state has master weights (%s); give it half-precision weights, as when the state was written"
                .formatted(Printable.value(parameter.name()), Printable.value(tensor)));
      }
    }
  }

  /**
   * Reads an array of the state in pieces, from first to last.
   *
   * @throws IOException if the file cannot be read; the sink has then received a part
   */
  public void read(String parameter, StateArray array, Sink sink) throws IOException {
    TensorInfo tensor = file.tensor(array.tensorName(parameter)).orElseThrow();
    FloatBuffer piece = FloatBuffer.allocate((int) Math.min(PIECE, tensor.elementCount()));
    for (long offset = 0; offset < tensor.elementCount(); offset += piece.limit()) {
      piece.clear().limit((int) Math.min(PIECE, tensor.elementCount() - offset));
      file.read(tensor, offset, piece);
      sink.write(parameter, array, offset, piece.flip());
    }
  }

  /** Reads all arrays of a state that fits. */
  public void read(List<ParameterGroup> groups, Sink sink) throws IOException {
    for (Parameter parameter : parameters(groups)) {
      for (StateArray array : StateArray.of(parameter.hasMaster())) {
        read(parameter.name(), array, sink);
      }
    }
  }

  /** The path, printable. */
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
