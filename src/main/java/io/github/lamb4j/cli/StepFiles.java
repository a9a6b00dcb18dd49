package io.github.lamb4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.github.lamb4j.Lamb;
import io.github.lamb4j.LayerNorms;
import io.github.lamb4j.Moment;
import io.github.lamb4j.Parameter;
import io.github.lamb4j.files.AtomicFile;
import io.github.lamb4j.files.Printable;
import io.github.lamb4j.safetensors.Dtype;
import io.github.lamb4j.safetensors.SafetensorsFile;
import io.github.lamb4j.safetensors.SafetensorsWriter;
import io.github.lamb4j.safetensors.TensorInfo;
import io.github.lamb4j.safetensors.TensorSource;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The files of one {@code lamb step}: all are opened and checked against each other before anything
 * is computed.
 */
final class StepFiles implements AutoCloseable {

  private static final String FIRST = "exp_avg/";
  private static final String SECOND = "exp_avg_sq/";
  private static final String STEP = "step";

  private static final String PARAMS_FILE = "params.safetensors";
  private static final String STATE_FILE = "state.safetensors";
  private static final String TRUST_FILE = "trust.json";

  /** A count that no run reaches; beta^t takes one multiplication for each. */
  private static final long MOST_STEPS = 1_000_000_000;

  private static final int PIECE = 1 << 16;

  /** One parameter, in memory. */
  private record Tensor(TensorInfo info, FloatBuffer weights, FloatBuffer gradients) {}

  /** An open file and its name, for messages. */
  private record Source(Path path, SafetensorsFile file) {}

  private final List<SafetensorsFile> open = new ArrayList<>();
  private final Source params;
  private final List<Source> grads = new ArrayList<>();
  private final Source state;
  private final Path out;
  private final long stepsBefore;
  private final Map<String, Tensor> tensors = new HashMap<>();

  private StepFiles(Path params, List<Path> grads, Path state, Path out) throws IOException {
    this.out = out;
    try {
      this.params = source(params);
      for (Path path : grads) {
        this.grads.add(source(path));
      }
      this.state = state == null ? null : source(state);
      requireParams();
      for (Source source : this.grads) {
        requireTensors(source, List.of(""), List.of(Dtype.F32, Dtype.F16, Dtype.BF16));
      }
      stepsBefore = this.state == null ? 0 : requireState();
      requireOut();
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
      requireType(params, tensor, List.of(Dtype.F32));
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

  private long requireState() {
    requireTensors(state, List.of(FIRST, SECOND), List.of(Dtype.F32));
    String text = state.file.metadata().get(STEP);
    String where = Printable.path(state.path) + ": its __metadata__ ";
    if (text == null) {
      throw new BadInput(where + "has no \"step\", the number of steps already taken");
    }
    if (!text.matches("[0-9]{1,10}") || Long.parseLong(text) > MOST_STEPS) {
      throw new BadInput(
          "%sgives step %s: must be a whole number from 0 to %d"
              .formatted(where, Printable.value(text), MOST_STEPS));
    }
    return Long.parseLong(text);
  }

  /** For each tensor of the model and each prefix the file must have a tensor, and no others. */
  private void requireTensors(Source source, List<String> prefixes, List<Dtype> types) {
    Set<String> wanted = new HashSet<>();
    for (TensorInfo weight : params.file.tensors()) {
      for (String prefix : prefixes) {
        requireType(source, requireTensor(source, prefix + weight.name(), weight), types);
        wanted.add(prefix + weight.name());
      }
    }
    for (TensorInfo tensor : source.file.tensors()) {
      if (!wanted.contains(tensor.name())) {
        throw refused(source, tensor.name(), "is not of the model; remove it");
      }
    }
  }

  /** Finds out whether the results can be written there, and makes nothing yet. */
  private void requireOut() {
    Path existing = out.toAbsolutePath().normalize();
    while (!Files.exists(existing, LinkOption.NOFOLLOW_LINKS)) {
      existing = existing.getParent();
    }
    if (!Files.isDirectory(existing) || !Files.isWritable(existing)) {
      throw new BadInput(
          "--out %s: %s is not a directory that can be written to; name another"
              .formatted(Printable.path(out), Printable.path(existing)));
    }
    for (String name : List.of(PARAMS_FILE, STATE_FILE, TRUST_FILE)) {
      Path target = out.resolve(name);
      if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)
          && !Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)) {
        throw new BadInput(Printable.path(target) + ": is not a regular file; move it away");
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

  /** Reads the weights, in the order of the file, with room for their gradients. */
  List<Parameter> load() throws IOException {
    List<Parameter> parameters = new ArrayList<>();
    for (TensorInfo info : params.file.tensors()) {
      FloatBuffer weights = FloatBuffer.allocate((int) info.elementCount());
      FloatBuffer gradients = FloatBuffer.allocate((int) info.elementCount());
      params.file.read(info, 0, weights.duplicate());
      tensors.put(info.name(), new Tensor(info, weights, gradients));
      parameters.add(Parameter.onHost(info.name(), weights, gradients));
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

  /** Gives the optimizer the state, if there is one. */
  void restore(Lamb lamb) throws IOException {
    if (state == null) {
      return;
    }
    for (String name : tensors.keySet()) {
      restore(lamb, name, Moment.FIRST, FIRST);
      restore(lamb, name, Moment.SECOND, SECOND);
    }
    lamb.resumeAt(stepsBefore);
  }

  private void restore(Lamb lamb, String name, Moment moment, String prefix) throws IOException {
    TensorInfo info = state.file.tensor(prefix + name).orElseThrow();
    FloatBuffer piece = FloatBuffer.allocate((int) Math.min(PIECE, info.elementCount()));
    for (long done = 0; done < info.elementCount(); done += piece.limit()) {
      piece.clear().limit((int) Math.min(PIECE, info.elementCount() - done));
      state.file.read(info, done, piece);
      if (moment == Moment.SECOND) {
        requireNoNegative(info, piece);
      }
      lamb.writeMoment(name, moment, done, piece.flip());
    }
  }

  private void requireNoNegative(TensorInfo info, FloatBuffer piece) {
    for (int i = 0; i < piece.position(); i++) {
      if (piece.get(i) < 0) {
        throw refused(
            state,
            info.name(),
            "holds " + piece.get(i) + ", and an average of squares is never negative");
      }
    }
  }

  /** Writes all results. */
  void write(Lamb lamb, Map<String, String> metadata, Map<Long, List<LayerNorms>> norms)
      throws IOException {
    createOut();
    List<TensorSource> weights = new ArrayList<>();
    List<TensorSource> moments = new ArrayList<>();
    for (TensorInfo info : params.file.tensors()) {
      String name = info.name();
      FloatBuffer values = tensors.get(name).weights;
      weights.add(
          new TensorSource(
              name,
              info.shape(),
              (offset, target) -> target.put(values.slice((int) offset, target.remaining()))));
      moments.add(moment(lamb, info, Moment.FIRST, FIRST));
      moments.add(moment(lamb, info, Moment.SECOND, SECOND));
    }
    // The state first: with twice the tensors it alone can exceed what the format allows, and then
    // nothing has been replaced.
    SafetensorsWriter.write(out.resolve(STATE_FILE), metadata, moments);
    SafetensorsWriter.write(out.resolve(PARAMS_FILE), params.file.metadata(), weights);
    writeTrust(out.resolve(TRUST_FILE), norms);
  }

  private void createOut() {
    try {
      Files.createDirectories(out);
    } catch (IOException e) {
      throw new BadInput(
          "--out %s: cannot be made (%s); name another"
              .formatted(Printable.path(out), e.getMessage()));
    }
  }

  private static TensorSource moment(Lamb lamb, TensorInfo info, Moment moment, String prefix) {
    return new TensorSource(
        prefix + info.name(),
        info.shape(),
        (offset, target) -> lamb.readMoment(info.name(), moment, offset, target));
  }

  private static void writeTrust(Path path, Map<Long, List<LayerNorms>> steps) throws IOException {
    AtomicFile.write(
        path,
        channel -> {
          try (JsonGenerator json =
              new JsonFactory().createGenerator(Channels.newOutputStream(channel))) {
            json.useDefaultPrettyPrinter().writeStartObject();
            for (Map.Entry<Long, List<LayerNorms>> step : steps.entrySet()) {
              json.writeObjectFieldStart(step.getKey().toString());
              for (LayerNorms norms : step.getValue()) {
                json.writeObjectFieldStart(norms.name());
                json.writeNumberField("weight_norm", norms.weightNorm());
                json.writeNumberField("update_norm", norms.updateNorm());
                json.writeNumberField("trust_ratio", norms.trustRatio());
                json.writeEndObject();
              }
              json.writeEndObject();
            }
            json.writeEndObject();
          }
        });
  }

  @Override
  public void close() throws IOException {
    for (SafetensorsFile file : open) {
      file.close();
    }
  }
}
