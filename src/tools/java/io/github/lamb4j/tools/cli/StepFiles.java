package io.github.lamb4j.tools.cli;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.config.LoadOption;
import io.github.lamb4j.internal.engine.StateFile;
import io.github.lamb4j.internal.engine.StateMetadata;
import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.internal.safetensors.Dtype;
import io.github.lamb4j.internal.safetensors.TensorFiles;
import io.github.lamb4j.internal.safetensors.TensorInfo;
import io.github.lamb4j.internal.safetensors.TensorSource;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.StateArray;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * The files of one {@code lamb step}. All are opened and checked against each other before anything
 * is computed.
 */
final class StepFiles implements AutoCloseable {

  /** More steps than any run takes; beta^t costs one multiplication for each. */
  private static final long MOST_STEPS = 1_000_000_000;

  /** One parameter, in memory. */
  private record Tensor(TensorInfo info, Weights weights, FloatBuffer gradients) {}

  private final List<AutoCloseable> open = new ArrayList<>();
  private final Source params;
  private final List<Source> grads = new ArrayList<>();
  private final Path statePath;

  /** What the system knows the state file by; null if it does not tell. */
  private final Object stateKey;

  private final StateFile state;
  private final ModelPlan plan;
  private final ResultLayout layout;
  private final StepResults results;
  private final FileChannel earlierTrust;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();

  private StepFiles(
      Path params,
      List<Path> grads,
      Path state,
      Path out,
      TensorOptions.Rules rules,
      boolean dryRun,
      Consumer<String> beforeChange)
      throws IOException {
    try {
      for (Path folder : folders(params, state, out)) {
        if (dryRun) {
          StepResults.requireMoved(folder);
        } else {
          StepResults.completeMove(folder);
        }
      }
      this.params = source(params);
      for (Path path : grads) {
        this.grads.add(source(path));
      }
      statePath = state;
      stateKey = state == null ? null : fileKey(state);
      this.state = state == null ? null : StateFile.open(state);
      if (this.state != null) {
        open.add(this.state);
        requireStep(this.state.metadata().step(), grads.size());
      }
      plan = ModelPlan.of(this.params, this.grads, saved(), rules);
      layout = new ResultLayout(this.params.file());
      results = new StepResults(out, layout.names(), beforeChange);
      earlierTrust = earlierTrust(state, out);
    } catch (Throwable failure) {
      close();
      throw failure;
    }
  }

  /**
   * Opens and checks.
   *
   * @param state may be null
   * @param dryRun whether nothing must change
   * @param beforeChange is told of each change of the results before it is made, for tests
   * @throws BadInput if the files do not go together
   */
  static StepFiles open(
      Path params,
      List<Path> grads,
      Path state,
      Path out,
      TensorOptions.Rules rules,
      boolean dryRun,
      Consumer<String> beforeChange)
      throws IOException {
    return new StepFiles(params, grads, state, out, rules, dryRun, beforeChange);
  }

  private Source source(Path path) throws IOException {
    TensorFiles file = TensorFiles.open(path);
    open.add(file);
    return new Source(path, file);
  }

  /** The results must be a state that can be resumed too. */
  private void requireStep(long step, int steps) {
    if (step > MOST_STEPS - steps) {
      throw new BadInput(
          "%s: metadata \"step\" is \"%d\": must be at most %d, for %d more step(s)"
              .formatted(state, step, MOST_STEPS - steps, steps));
    }
  }

  /** The memory for the model and its state, in MiB. */
  long neededMib() {
    long bytes = 0;
    for (TensorInfo info : plan.trained()) {
      boolean half = info.dtype() != Dtype.F32;
      long perElement = 3L * Float.BYTES + (half ? Short.BYTES + Float.BYTES : Float.BYTES);
      bytes += perElement * info.elementCount();
    }
    return (bytes >> 20) + 1;
  }

  /** The folders in which a killed call may have left results. */
  private static Set<Path> folders(Path params, Path state, Path out) {
    Set<Path> folders = new LinkedHashSet<>(List.of(folder(params), out));
    if (state != null) {
      folders.add(folder(state));
    }
    return folders;
  }

  private static Path folder(Path file) {
    Path parent = file.toAbsolutePath().normalize().getParent();
    return parent == null ? file.toAbsolutePath() : parent;
  }

  /**
   * The trust ratios of the steps before, where the results replace those that are resumed. It is
   * open from now on: another call might replace the file.
   */
  private FileChannel earlierTrust(Path state, Path out) throws IOException {
    Path trust = out.resolve(ResultLayout.TRUST_FILE);
    if (state == null || !folder(state).equals(folder(trust)) || !Files.isRegularFile(trust)) {
      return null;
    }
    FileChannel file = FileChannel.open(trust);
    open.add(file);
    TrustHistory.requireReadable(trust, file);
    return file;
  }

  ModelPlan plan() {
    return plan;
  }

  /** The metadata of the state, if there is one. */
  Optional<StateMetadata> saved() {
    return state == null ? Optional.empty() : Optional.of(state.metadata());
  }

  /** Reads the weights to train, in the order of the file, and allocates their gradients. */
  List<Parameter> load() throws IOException {
    List<Parameter> parameters = new ArrayList<>();
    for (TensorInfo info : plan.trained()) {
      Weights weights = Weights.read(params.file(), info);
      FloatBuffer gradients = FloatBuffer.allocate((int) info.elementCount());
      tensors.put(info.name(), new Tensor(info, weights, gradients));
      parameters.add(Parameter.onHost(info.name(), weights.array(), HostArray.f32(gradients)));
    }
    return parameters;
  }

  /** Reads and checks the gradients of a file. */
  void loadGradients(int number, FiniteCheck check) throws IOException {
    Source source = grads.get(number);
    for (Tensor tensor : tensors.values()) {
      String name = tensor.info.name();
      source.file().read(source.file().tensor(name).orElseThrow(), 0, tensor.gradients.duplicate());
      check.gradients(source, name, tensor.gradients);
    }
  }

  /** Checks the weights after the step of a file. */
  void checkWeights(int number, FiniteCheck check, Lamb lamb) {
    tensors.forEach((name, own) -> check.weights(grads.get(number), name, own.weights, lamb));
  }

  /** The gradients of this number. */
  Source grads(int number) {
    return grads.get(number);
  }

  /**
   * Gives the optimizer the state, if there is one.
   *
   * @param anyWeights whether the weights may be others than those that were written with it
   * @throws BadInput if its values cannot be the state of these weights
   */
  void restore(Lamb lamb, boolean anyWeights) throws IOException {
    if (state == null) {
      return;
    }
    state.requireTensors(lamb.groups());
    if (!anyWeights) {
      Pairing.require(params, weights(), state.toString(), state.metadata());
    }
    for (Tensor tensor : tensors.values()) {
      String name = tensor.info.name();
      state.read(name, StateArray.SECOND_MOMENT, this::requireSquares);
      if (tensor.weights.type() != Dtype.F32) {
        state.read(name, StateArray.MASTER, this::requireMasterOfWeights);
      }
    }
    if (state.metadata().bare()) { // load refuses a state without groups
      state.read(lamb.groups(), lamb::writeState);
      lamb.resumeAt(state.metadata().step());
    } else if (anyWeights) {
      lamb.load(statePath, LoadOption.OTHER_HYPERPARAMETERS, LoadOption.OTHER_WEIGHTS);
    } else {
      loadWithTheseWeights(lamb);
    }
    // Lamb.load opened the path again, and another call may have replaced the file meanwhile.
    if (!Objects.equals(stateKey, fileKey(statePath))) {
      throw new CommandFailed(
          Printable.path(statePath)
              + ": was replaced by another call while it was read; repeat the command");
    }
  }

  private static Object fileKey(Path file) throws IOException {
    return Files.exists(file)
        ? Files.readAttributes(file, BasicFileAttributes.class).fileKey()
        : null;
  }

  /** A state of a program may have checksums of its weights. */
  private void loadWithTheseWeights(Lamb lamb) throws IOException {
    try {
      lamb.load(statePath, LoadOption.OTHER_HYPERPARAMETERS);
    } catch (IllegalArgumentException e) {
      // A program passes a LoadOption, a user has an option of the command.
      throw new BadInput(
          e.getMessage()
              .replace("load with LoadOption." + LoadOption.OTHER_WEIGHTS, "use --override-state"));
    }
  }

  private void requireSquares(String name, StateArray array, long offset, FloatBuffer piece) {
    for (int i = 0; i < piece.limit(); i++) {
      if (!(piece.get(i) >= 0)) {
        throw refusedState(
            array.tensorName(name),
            "holds %s at element %d, but an average of squares is never negative or NaN; pass the state of an earlier step"
                .formatted(piece.get(i), offset + i));
      }
    }
  }

  /** Weights of another step than their masters would be lost without a word. */
  private void requireMasterOfWeights(
      String name, StateArray array, long offset, FloatBuffer piece) {
    int at = tensors.get(name).weights.mismatch((int) offset, piece);
    if (at >= 0) {
      throw refusedState(
          array.tensorName(name),
          "holds %s at element %d, which does not round to the weight in %s; pass the weights that were written with this state"
              .formatted(piece.get(at - (int) offset), at, params));
    }
  }

  private BadInput refusedState(String tensor, String why) {
    return new BadInput("%s: tensor %s %s".formatted(state, Printable.value(tensor), why));
  }

  private Map<String, Weights> weights() {
    Map<String, Weights> weights = new TreeMap<>();
    tensors.forEach((name, tensor) -> weights.put(name, tensor.weights));
    return weights;
  }

  /** Writes all results. */
  void write(Lamb lamb, long step, Map<String, String> metadata, TrustHistory trust)
      throws IOException {
    String digest = Pairing.digest(weights());
    Pairing.ofState(metadata, digest);
    Map<String, TensorSource> moments = new LinkedHashMap<>();
    StateFile.tensors(
            lamb.groups(), parameter -> tensors.get(parameter.name()).info.shape(), lamb::readState)
        .forEach(tensor -> moments.put(tensor.name(), tensor));
    long before = state == null ? 0 : state.metadata().step();
    Map<String, StepResults.Writer> writers = new LinkedHashMap<>();
    writers.putAll(layout.state(metadata, moments));
    writers.putAll(layout.params(this::result, own -> Pairing.ofWeights(own, step, digest)));
    writers.put(ResultLayout.TRUST_FILE, file -> trust.write(file, earlierTrust, before));
    results.write(writers);
  }

  /** Weights as they are now; tensors that are not trained as they are in their file. */
  private TensorSource result(TensorInfo info) {
    if (!tensors.containsKey(info.name())) {
      return TensorSource.raw(
          info.name(),
          info.dtype(),
          info.shape(),
          (offset, target) -> params.file().readBytes(info, offset, target));
    }
    Weights own = tensors.get(info.name()).weights;
    return new TensorSource(
        info.name(), own.type(), info.shape(), (offset, target) -> own.copy((int) offset, target));
  }

  @Override
  public void close() throws IOException {
    for (AutoCloseable file : open) {
      try {
        file.close();
      } catch (IOException | RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IOException(e);
      }
    }
  }
}
