package io.github.lamb4j.tools.cli;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.internal.safetensors.Dtype;
import io.github.lamb4j.internal.safetensors.SafetensorsFile;
import io.github.lamb4j.internal.safetensors.TensorInfo;
import io.github.lamb4j.internal.safetensors.TensorSource;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.StateArray;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * The files of one {@code lamb step}: all are opened and checked against each other before anything
 * is computed.
 */
final class StepFiles implements AutoCloseable {

  /** In the state's metadata: the number of steps taken. */
  static final String STEP = "step";

  /** In the state's metadata: the number of steps skipped; missing where others wrote it. */
  static final String SKIPPED_STEPS = "skipped_steps";

  /** A count that no run reaches; beta^t takes one multiplication for each. */
  private static final long MOST_STEPS = 1_000_000_000;

  private static final int PIECE = 1 << 16;

  private static final List<Dtype> FLOATS = List.of(Dtype.F32, Dtype.F16, Dtype.BF16);

  /** One parameter, in memory. */
  private record Tensor(TensorInfo info, Weights weights, FloatBuffer gradients) {}

  /** An open file and its name, for messages. */
  private record Source(Path path, SafetensorsFile file) {}

  private final List<SafetensorsFile> open = new ArrayList<>();
  private final Source params;
  private final List<Source> grads = new ArrayList<>();
  private final Source state;
  private final StepResults results;
  private final long stepsBefore;
  private final long skippedBefore;
  private final Map<String, Tensor> tensors = new HashMap<>();

  private StepFiles(Path params, List<Path> grads, Path state, Path out) throws IOException {
    try {
      this.params = source(params);
      for (Path path : grads) {
        this.grads.add(source(path));
      }
      this.state = state == null ? null : source(state);
      requireParams();
      for (Source source : this.grads) {
        requireTensors(source, weights -> List.of(weights.name()), FLOATS);
      }
      if (this.state != null) {
        requireState();
      }
      stepsBefore = stateCount(STEP);
      skippedBefore = stateCount(SKIPPED_STEPS);
      results = new StepResults(out);
    } catch (Throwable failure) {
      close();
      throw failure;
    }
  }

  /**
   * Opens and checks.
   *
   * @param state may be null
   * @throws BadInput if the files do not go together
   */
  static StepFiles open(Path params, List<Path> grads, Path state, Path out) throws IOException {
    return new StepFiles(params, grads, state, out);
  }

  private Source source(Path path) throws IOException {
    SafetensorsFile file = SafetensorsFile.open(path);
    open.add(file);
    return new Source(path, file);
  }

  private void requireParams() {
    if (params.file.tensors().isEmpty()) {
      throw new BadInput(Printable.path(params.path) + " has no tensors: nothing to train");
    }
    for (TensorInfo tensor : params.file.tensors()) {
      requireType(params, tensor, FLOATS);
      if (tensor.name().isEmpty()) {
        throw refused(params, "", "has an empty name; rename it");
      }
      if (tensor.elementCount() > Integer.MAX_VALUE - 8) {
        throw refused(
            params,
            tensor.name(),
            "has " + tensor.elementCount() + " elements, too many for a Java buffer");
      }
    }
  }

  private void requireState() {
    for (TensorInfo weights : params.file.tensors()) {
      String master = StateArray.MASTER.tensorName(weights.name());
      if (weights.dtype() != Dtype.F32 && state.file.tensor(master).isEmpty()) {
        throw refused(
            state,
            master,
            "is missing, the F32 weights behind the %s ones; convert those to F32 to go on without"
                .formatted(weights.dtype()));
      }
    }
    requireTensors(
        state,
        weights -> partsOf(weights).stream().map(part -> part.tensorName(weights.name())).toList(),
        List.of(Dtype.F32));
    if ("lamb4j state".equals(state.file.metadata().get("format"))) {
      throw new BadInput(
          Printable.path(state.path)
              + ": a state that a program saved with Lamb.save; give one that lamb step wrote");
    }
    if (!state.file.metadata().containsKey(STEP)) {
      throw new BadInput(
          Printable.path(state.path)
              + ": its __metadata__ has no \"step\", the number of steps already taken");
    }
  }

  /** A count in the state's metadata, 0 if it has none. */
  private long stateCount(String key) {
    String text = state == null ? "0" : state.file.metadata().getOrDefault(key, "0");
    if (!text.matches("[0-9]{1,10}") || Long.parseLong(text) > MOST_STEPS) {
      throw new BadInput(
          "%s: its __metadata__ gives %s %s: must be a whole number from 0 to %d"
              .formatted(Printable.path(state.path), key, Printable.value(text), MOST_STEPS));
    }
    return Long.parseLong(text);
  }

  /** For each tensor of the model the file must have those of these names, and no others. */
  private void requireTensors(
      Source source, Function<TensorInfo, List<String>> names, List<Dtype> types) {
    Set<String> wanted = new HashSet<>();
    for (TensorInfo weights : params.file.tensors()) {
      for (String name : names.apply(weights)) {
        requireType(source, requireTensor(source, name, weights), types);
        wanted.add(name);
      }
    }
    for (TensorInfo tensor : source.file.tensors()) {
      if (!wanted.contains(tensor.name())) {
        throw refused(source, tensor.name(), "is not of the model; remove it");
      }
    }
  }

  private TensorInfo requireTensor(Source source, String name, TensorInfo weight) {
    TensorInfo tensor =
        source
            .file
            .tensor(name)
            .orElseThrow(() -> refused(source, name, "is missing, and the model has it"));
    if (!tensor.shape().equals(weight.shape())) {
      throw refused(
          source, name, "has shape " + tensor.shape() + ", and the weights have " + weight.shape());
    }
    return tensor;
  }

  private static void requireType(Source source, TensorInfo tensor, List<Dtype> allowed) {
    if (!allowed.contains(tensor.dtype())) {
      String remedy = String.join(" or ", allowed.stream().map(Dtype::name).toList());
      throw refused(source, tensor.name(), "is " + tensor.dtype() + "; convert it to " + remedy);
    }
  }

  private static BadInput refused(Source source, String tensor, String why) {
    return new BadInput(
        "%s: tensor %s %s".formatted(Printable.path(source.path), Printable.value(tensor), why));
  }

  /** The number of steps that the state has behind it. */
  long stepsBefore() {
    return stepsBefore;
  }

  /** The number of steps that were skipped on the way to the state. */
  long skippedBefore() {
    return skippedBefore;
  }

  /** Reads the weights, in the order of the file, with room for their gradients. */
  List<Parameter> load() throws IOException {
    List<Parameter> parameters = new ArrayList<>();
    for (TensorInfo info : params.file.tensors()) {
      Weights weights = Weights.read(params.file, info);
      FloatBuffer gradients = FloatBuffer.allocate((int) info.elementCount());
      tensors.put(info.name(), new Tensor(info, weights, gradients));
      parameters.add(Parameter.onHost(info.name(), weights.array(), HostArray.f32(gradients)));
    }
    return parameters;
  }

  /** Replaces the gradients by those of the file of this number. */
  void loadGradients(int number) throws IOException {
    SafetensorsFile file = grads.get(number).file;
    for (Tensor tensor : tensors.values()) {
      file.read(file.tensor(tensor.info.name()).orElseThrow(), 0, tensor.gradients.duplicate());
    }
  }

  /**
   * Gives the optimizer the state, if there is one.
   *
   * @throws BadInput if its values cannot be those of these weights
   */
  void restore(Lamb lamb) throws IOException {
    if (state == null) {
      return;
    }
    for (Tensor tensor : tensors.values()) {
      for (StateArray part : partsOf(tensor.info)) {
        restore(lamb, tensor, part);
      }
    }
    lamb.resumeAt(stepsBefore);
  }

  /** The state of a tensor: a master too if the weights are half precision. */
  private static List<StateArray> partsOf(TensorInfo weights) {
    return StateArray.of(weights.dtype() != Dtype.F32);
  }

  private void restore(Lamb lamb, Tensor tensor, StateArray part) throws IOException {
    TensorInfo info = state.file.tensor(part.tensorName(tensor.info.name())).orElseThrow();
    FloatBuffer piece = FloatBuffer.allocate((int) Math.min(PIECE, info.elementCount()));
    for (long done = 0; done < info.elementCount(); done += piece.limit()) {
      piece.clear().limit((int) Math.min(PIECE, info.elementCount() - done));
      state.file.read(info, done, piece);
      piece.flip();
      switch (part) {
        case SECOND_MOMENT -> requireNoNegative(info, piece);
        case MASTER -> requireMasterOf(tensor, info, (int) done, piece);
        default -> {}
      }
      lamb.writeState(tensor.info.name(), part, done, piece);
    }
  }

  private void requireNoNegative(TensorInfo info, FloatBuffer piece) {
    for (int i = 0; i < piece.limit(); i++) {
      if (piece.get(i) < 0) {
        throw refused(
            state,
            info.name(),
            "holds " + piece.get(i) + ", and an average of squares is never negative");
      }
    }
  }

  /** Weights of another step than their master's would be lost without a word. */
  private void requireMasterOf(Tensor tensor, TensorInfo info, int offset, FloatBuffer piece) {
    int at = tensor.weights.mismatch(offset, piece);
    if (at >= 0) {
      throw refused(
          state,
          info.name(),
          "holds %s at element %d, which does not round to the weight in %s; give the weights that were written with this state"
              .formatted(piece.get(at - offset), at, Printable.path(params.path)));
    }
  }

  /** Writes all results. */
  void write(Lamb lamb, Map<String, String> metadata, TrustHistory trust) throws IOException {
    List<TensorSource> weights = new ArrayList<>();
    List<TensorSource> parts = new ArrayList<>();
    for (TensorInfo info : params.file.tensors()) {
      String name = info.name();
      Weights own = tensors.get(name).weights;
      weights.add(
          new TensorSource(
              name, own.type(), info.shape(), (offset, target) -> own.copy((int) offset, target)));
      for (StateArray part : partsOf(info)) {
        parts.add(
            new TensorSource(
                part.tensorName(name),
                info.shape(),
                (offset, target) -> lamb.readState(name, part, offset, target)));
      }
    }
    results.write(
        new StepResults.Contents(params.file.metadata(), weights),
        new StepResults.Contents(metadata, parts),
        trust);
  }

  @Override
  public void close() throws IOException {
    for (SafetensorsFile file : open) {
      file.close();
    }
  }
}
