package io.github.lamb4j.internal.engine;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.internal.safetensors.SafetensorsException;
import io.github.lamb4j.model.ParameterGroup;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * The metadata of a state file: step counts, groups and hyperparameters.
 *
 * <p>The entries are {@code format}, {@code version}, {@code step}, {@code skipped}, {@code
 * max_grad_norm}, {@code non_finite_gradients}, and for each group {@code group.G.name}, {@code
 * group.G.steps}, {@code group.G.learning_rate} (of its last step, if it has taken one), {@code
 * group.G.parameter.P}, optionally {@code group.G.weights_crc32c.P}, and its hyperparameters, with
 * G and P counted from 0. Numbers are decimals that give back the same binary64. Other entries are
 * extras: {@link #extra} returns them, and readers that do not know them ignore them.
 */
public final class StateMetadata {

  static final String FORMAT = "lamb4j state";

  /**
   * Raised whenever a reader of the previous version would refuse or misread a file. Version 1 had
   * tensors of shape [count] only; {@link OldStepState} is a format of its own.
   */
  static final String VERSION = "2";

  private static final Set<String> READABLE = Set.of("1", VERSION);
  private static final String LEARNING_RATE = "learningRate";
  private static final String WEIGHT_CHECKSUM = "weights_crc32c.";

  private final Path path;
  private final Map<String, String> entries;
  private final boolean bare;
  private final long step;
  private final long skipped;
  private final OptionalDouble maxGradNorm;
  private final NonFiniteGradients nonFiniteGradients;
  private final List<SavedGroup> groups = new ArrayList<>();

  /** By parameter, in the order of the file, its group. */
  private final Map<String, SavedGroup> members = new LinkedHashMap<>();

  private final Map<String, String> weightChecksums = new LinkedHashMap<>();

  /**
   * Reads metadata of any version.
   *
   * @param tensors the names of the file's tensors, in the order of the file
   * @throws SafetensorsException if it is not the metadata of a state
   */
  static StateMetadata read(Path path, Map<String, String> entries, List<String> tensors)
      throws SafetensorsException {
    if (!OldStepState.is(entries)) {
      return new StateMetadata(path, entries);
    }
    try {
      return new StateMetadata(path, OldStepState.translate(entries, tensors));
    } catch (IllegalArgumentException e) {
      throw new SafetensorsException(path, "metadata " + e.getMessage());
    }
  }

  private StateMetadata(Path path, Map<String, String> entries) throws SafetensorsException {
    this.path = path;
    this.entries = entries;
    bare = isBare();
    if (bare) {
      step = count("step", StepCounts.MOST);
      skipped = 0;
      maxGradNorm = OptionalDouble.empty();
      nonFiniteGradients = NonFiniteGradients.PROPAGATE;
      return;
    }
    requireVersion();
    step = count("step", StepCounts.MOST);
    skipped = count("skipped", StepCounts.MOST);
    String norm = entry("max_grad_norm");
    maxGradNorm =
        norm.equals("none") ? OptionalDouble.empty() : OptionalDouble.of(number("max_grad_norm"));
    try {
      nonFiniteGradients = NonFiniteGradients.valueOf(entry("non_finite_gradients"));
    } catch (IllegalArgumentException e) {
      throw unreadable("non_finite_gradients", "must be PROPAGATE, SKIP or FAIL");
    }
    Set<String> names = new HashSet<>();
    while (entries.containsKey(key(groups.size(), "name"))) {
      SavedGroup group = readGroup(groups.size());
      if (!names.add(group.name()) || group.parameters().isEmpty()) {
        throw new SafetensorsException(
            path, "group %s occurs twice or has no parameters".formatted(quoted(group.name())));
      }
      for (String parameter : group.parameters()) {
        if (members.put(parameter, group) != null) {
          throw new SafetensorsException(
              path, "parameter %s occurs in two groups".formatted(quoted(parameter)));
        }
      }
      groups.add(group);
    }
  }

  /** Files of other programs have at least the step count. */
  private boolean isBare() {
    return !FORMAT.equals(entries.get("format"))
        && entries.containsKey("step")
        && !entries.containsKey("version")
        && !entries.containsKey(key(0, "name"));
  }

  private void requireVersion() throws SafetensorsException {
    String format = entries.get("format");
    if (!FORMAT.equals(format)) {
      throw notAState();
    }
    if (!READABLE.contains(entry("version"))) {
      throw new SafetensorsException(
          path,
          "state format version %s: this lamb4j reads versions 1 to %s; use the lamb4j that wrote it"
              .formatted(quoted(entry("version")), VERSION));
    }
  }

  SafetensorsException notAState() {
    String format = entries.get("format");
    return new SafetensorsException(
        path,
        "not a lamb4j optimizer state: metadata key \"format\" is "
            + (format == null ? "missing" : quoted(format) + ", not " + quoted(FORMAT)));
  }

  private SavedGroup readGroup(int g) throws SafetensorsException {
    String name = entry(key(g, "name"));
    List<String> parameters = new ArrayList<>();
    String parameter = entries.get(key(g, "parameter.0"));
    while (parameter != null) {
      String checksum = entries.get(key(g, WEIGHT_CHECKSUM + parameters.size()));
      if (checksum != null) {
        weightChecksums.put(parameter, checksum);
      }
      parameters.add(parameter);
      parameter = entries.get(key(g, "parameter." + parameters.size()));
    }
    long steps = count(key(g, "steps"), step);
    OptionalDouble rate =
        steps == 0 ? OptionalDouble.empty() : OptionalDouble.of(number(key(g, LEARNING_RATE)));
    return new SavedGroup(name, steps, rate, hyperparameters(g), parameters);
  }

  private Hyperparameters hyperparameters(int g) throws SafetensorsException {
    Hyperparameters h = Hyperparameters.lamb(0);
    for (SavedHyperparameter saved : SavedHyperparameter.values()) {
      String key = key(g, saved.label());
      String text = entry(key);
      try {
        h = saved.set(h, text);
      } catch (IllegalArgumentException e) {
        throw unreadable(key, "not a value of " + saved.label());
      }
    }
    return h;
  }

  /**
   * The entries for a state.
   *
   * @param groups their hyperparameters and the names of their parameters
   * @param counts for as many groups
   */
  public static Map<String, String> of(
      List<ParameterGroup> groups,
      OptionalDouble maxGradNorm,
      NonFiniteGradients nonFiniteGradients,
      StepCounts counts) {
    return of(groups, maxGradNorm, nonFiniteGradients, counts, Map.of());
  }

  /**
   * The entries for a state.
   *
   * @param weightChecksums by parameter
   */
  static Map<String, String> of(
      List<ParameterGroup> groups,
      OptionalDouble maxGradNorm,
      NonFiniteGradients nonFiniteGradients,
      StepCounts counts,
      Map<String, String> weightChecksums) {
    Map<String, String> entries = new LinkedHashMap<>();
    entries.put("format", FORMAT);
    entries.put("version", VERSION);
    entries.put("step", Long.toString(counts.step()));
    entries.put("skipped", Long.toString(counts.skipped()));
    entries.put("max_grad_norm", text(maxGradNorm));
    entries.put("non_finite_gradients", nonFiniteGradients.name());
    for (int g = 0; g < groups.size(); g++) {
      ParameterGroup group = groups.get(g);
      StepCounts.Group count = counts.groups().get(g);
      entries.put(key(g, "name"), group.name());
      entries.put(key(g, "steps"), Long.toString(count.steps()));
      if (count.steps() > 0) {
        entries.put(key(g, LEARNING_RATE), Double.toString(count.lastRate()));
      }
      for (SavedHyperparameter saved : SavedHyperparameter.values()) {
        entries.put(key(g, saved.label()), saved.of(group.hyperparameters()).toString());
      }
      for (int p = 0; p < group.parameters().size(); p++) {
        String parameter = group.parameters().get(p).name();
        entries.put(key(g, "parameter." + p), parameter);
        if (weightChecksums.containsKey(parameter)) {
          entries.put(key(g, WEIGHT_CHECKSUM + p), weightChecksums.get(parameter));
        }
      }
    }
    return entries;
  }

  static String text(OptionalDouble norm) {
    return norm.isPresent() ? Double.toString(norm.getAsDouble()) : "none";
  }

  /**
   * Whether the file says nothing but the step count, as a file that another program wrote: then
   * there are no groups.
   */
  public boolean bare() {
    return bare;
  }

  /** The steps taken. */
  public long step() {
    return step;
  }

  /** The steps skipped. */
  public long skipped() {
    return skipped;
  }

  /** The norm that gradients were clipped to. */
  public OptionalDouble maxGradNorm() {
    return maxGradNorm;
  }

  /** The policy for non-finite gradients. */
  public NonFiniteGradients nonFiniteGradients() {
    return nonFiniteGradients;
  }

  /** The groups, in order. */
  public List<SavedGroup> groups() {
    return List.copyOf(groups);
  }

  /** By parameter, in the order of the file, its group. */
  Map<String, SavedGroup> members() {
    return members;
  }

  /** By parameter, in the order of the file, the checksum of its weights, if it was saved. */
  Map<String, String> weightChecksums() {
    return weightChecksums;
  }

  /** An entry that the format does not define. */
  public Optional<String> extra(String key) {
    return Optional.ofNullable(entries.get(key));
  }

  private long count(String key, long most) throws SafetensorsException {
    if (entry(key).matches("[0-9]{1,19}")) { // parseLong accepts a plus and other scripts' digits
      BigInteger count = new BigInteger(entry(key));
      if (count.compareTo(BigInteger.valueOf(most)) <= 0) {
        return count.longValueExact();
      }
    }
    throw unreadable(key, "must be a whole number from 0 to " + most);
  }

  private double number(String key) throws SafetensorsException {
    try {
      return Double.parseDouble(entry(key));
    } catch (NumberFormatException e) {
      throw unreadable(key, "must be a number");
    }
  }

  private String entry(String key) throws SafetensorsException {
    String value = entries.get(key);
    if (value == null) {
      throw new SafetensorsException(
          path, "metadata key %s is missing; the file is incomplete".formatted(quoted(key)));
    }
    return value;
  }

  private static String key(int group, String name) {
    return "group." + group + "." + snake(name);
  }

  private static String snake(String name) {
    return name.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }

  private static String quoted(String name) {
    return Printable.value(name);
  }

  private SafetensorsException unreadable(String key, String problem) {
    return new SafetensorsException(
        path, "metadata %s is %s: %s".formatted(quoted(key), quoted(entries.get(key)), problem));
  }
}
