package io.github.lamb4j.internal.engine;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LoadOption;
import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.internal.safetensors.SafetensorsException;
import io.github.lamb4j.internal.spi.GradientOptions;
import io.github.lamb4j.model.ParameterGroup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * What a state file says beside its tensors: the counts, the groups, and what each is trained with.
 *
 * <p>Its entries are {@code format}, {@code version}, {@code step}, {@code skipped}, {@code
 * max_grad_norm}, {@code non_finite_gradients}, and for each group {@code group.G.name}, {@code
 * group.G.steps}, {@code group.G.learning_rate} (of its last step, if there was one), {@code
 * group.G.parameter.P} and its hyperparameters, G and P counted from 0. Numbers are decimals that
 * give back the same binary64.
 */
final class StateMetadata {

  private static final String FORMAT = "lamb4j state";

  /** Goes up when a reader of the one before would misread a file. */
  private static final String VERSION = "1";

  private static final String LEARNING_RATE = "learningRate";

  private final Path path;
  private final Map<String, String> entries;
  private final long step;
  private final long skipped;
  private final List<Long> groupSteps = new ArrayList<>();

  /** By parameter, in the order of the file, its group's name. */
  private final Map<String, String> members = new LinkedHashMap<>();

  /**
   * Reads what can be read without a look at the optimizer.
   *
   * @throws SafetensorsException if this is no state that this version reads
   */
  StateMetadata(Path path, Map<String, String> entries) throws SafetensorsException {
    this.path = path;
    this.entries = entries;
    if (!FORMAT.equals(entries.get("format"))) {
      throw unreadable("is no state that Lamb.save wrote: its __metadata__ gives no such format");
    }
    if (!VERSION.equals(entries.get("version"))) {
      throw unreadable(
          "is a state of version %s, and this lamb4j reads version %s; use the one that wrote it"
              .formatted(quoted(entry("version")), VERSION));
    }
    step = count("step", Long.MAX_VALUE);
    skipped = count("skipped", Long.MAX_VALUE);
    Set<String> groups = new HashSet<>();
    while (entries.containsKey(key(groups.size(), "name"))) {
      readGroup(groups);
    }
  }

  private void readGroup(Set<String> groups) throws SafetensorsException {
    int g = groups.size();
    String name = entry(key(g, "name"));
    int before = members.size();
    String parameter = entries.get(key(g, "parameter.0"));
    for (int p = 1; parameter != null; p++) {
      if (members.put(parameter, name) != null) {
        throw unreadable("names parameter %s twice".formatted(quoted(parameter)));
      }
      parameter = entries.get(key(g, "parameter." + p));
    }
    if (!groups.add(name) || members.size() == before) {
      throw unreadable("gives group %s twice, or without parameters".formatted(quoted(name)));
    }
    groupSteps.add(count(key(g, "steps"), step));
  }

  /**
   * What is to be written.
   *
   * @param groupSteps by group, its own step count
   */
  static Map<String, String> of(
      List<ParameterGroup> groups,
      GradientOptions options,
      long step,
      long skipped,
      long[] groupSteps) {
    Map<String, String> entries = new LinkedHashMap<>();
    entries.put("format", FORMAT);
    entries.put("version", VERSION);
    entries.put("step", Long.toString(step));
    entries.put("skipped", Long.toString(skipped));
    valuesOf(options).forEach((name, value) -> entries.put(snake(name), value.toString()));
    for (int g = 0; g < groups.size(); g++) {
      ParameterGroup group = groups.get(g);
      Hyperparameters h = group.hyperparameters();
      entries.put(key(g, "name"), group.name());
      entries.put(key(g, "steps"), Long.toString(groupSteps[g]));
      if (groupSteps[g] > 0) {
        double rate = h.learningRate().at(groupSteps[g]);
        entries.put(key(g, LEARNING_RATE), Double.toString(rate));
      }
      for (Map.Entry<String, Object> value : h.values().entrySet()) {
        entries.put(key(g, value.getKey()), value.getValue().toString());
      }
      for (int p = 0; p < group.parameters().size(); p++) {
        entries.put(key(g, "parameter." + p), group.parameters().get(p).name());
      }
    }
    return entries;
  }

  /**
   * What holds for all groups. Loss scale, divisor and a given norm are not among it: like the
   * gradients they belong to, they are the program's, which may change them at any step.
   */
  private static Map<String, Object> valuesOf(GradientOptions options) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put(
        "maxGradNorm",
        options.maxNorm().isPresent() ? (Object) options.maxNorm().getAsDouble() : "none");
    values.put("nonFiniteGradients", options.nonFinite());
    return values;
  }

  long step() {
    return step;
  }

  long skipped() {
    return skipped;
  }

  /** By group, the optimizer's step at which it was added. */
  long[] began() {
    return groupSteps.stream().mapToLong(steps -> step - steps).toArray();
  }

  /**
   * Refuses other parameters, in other groups, or in another order: that is the order of sums.
   *
   * @throws IllegalArgumentException naming the first that differs
   */
  void requireMembers(List<ParameterGroup> groups) {
    Map<String, String> here = new LinkedHashMap<>();
    groups.forEach(group -> group.parameters().forEach(p -> here.put(p.name(), group.name())));
    members.forEach((parameter, group) -> requireMember(parameter, group, here.get(parameter)));
    here.forEach(
        (parameter, group) -> {
          if (!members.containsKey(parameter)) {
            throw unfit(
                "parameter %s (group %s) is not in it; load before addGroup(...), or build without it"
                    .formatted(quoted(parameter), quoted(group)));
          }
        });
    List<String> order = List.copyOf(members.keySet());
    List<String> ownOrder = List.copyOf(here.keySet());
    for (int i = 0; i < order.size(); i++) {
      if (!order.get(i).equals(ownOrder.get(i))) {
        throw unfit(
            "parameter %s stands where %s does here; the order of groups and parameters is the order of sums: keep it"
                .formatted(quoted(order.get(i)), quoted(ownOrder.get(i))));
      }
    }
  }

  private void requireMember(String parameter, String group, String groupHere) {
    String what = "parameter %s was in group %s and ".formatted(quoted(parameter), quoted(group));
    if (groupHere == null) {
      throw unfit(what + "is not in this optimizer; build with it, and remove it after loading");
    }
    if (!groupHere.equals(group)) {
      throw unfit(
          what + "is in group %s here; build with the groups it had".formatted(quoted(groupHere)));
    }
  }

  /**
   * Refuses other hyperparameters, a schedule that gives the last step another learning rate, and
   * other gradient options. The groups must be those of the file.
   *
   * @throws IllegalArgumentException naming the first that differs
   */
  void requireHyperparameters(List<ParameterGroup> groups, GradientOptions options)
      throws SafetensorsException {
    for (Map.Entry<String, Object> own : valuesOf(options).entrySet()) {
      requireSame(own.getKey(), entry(snake(own.getKey())), own.getValue());
    }
    for (int g = 0; g < groups.size(); g++) {
      ParameterGroup group = groups.get(g);
      String of = "group %s: ".formatted(quoted(group.name()));
      for (Map.Entry<String, Object> own : group.hyperparameters().values().entrySet()) {
        requireSame(of + own.getKey(), entry(key(g, own.getKey())), own.getValue());
      }
      long last = groupSteps.get(g);
      if (last > 0) {
        double rate = group.hyperparameters().learningRate().at(last);
        requireSame(of + LEARNING_RATE + " of step " + last, entry(key(g, LEARNING_RATE)), rate);
      }
    }
  }

  private void requireSame(String what, String saved, Object here) {
    Object value = here instanceof Double ? numberIn(saved) : saved;
    Object own = here instanceof Double ? here : here.toString();
    if (!Objects.equals(value, own)) {
      throw unfit(
          "%s was %s and is %s here; build with the saved one, or load with LoadOption.%s"
              .formatted(what, Printable.escape(saved), own, LoadOption.OTHER_HYPERPARAMETERS));
    }
  }

  /** Not compared as text: Java's versions do not all write the same number the same way. */
  private static Object numberIn(String text) {
    try {
      return Double.valueOf(text);
    } catch (NumberFormatException e) {
      return text;
    }
  }

  private long count(String key, long most) throws SafetensorsException {
    String text = entry(key);
    try {
      long count = Long.parseLong(text);
      if (count >= 0 && count <= most) {
        return count;
      }
    } catch (NumberFormatException e) {
      // Refused below, like every other text.
    }
    throw unreadable(
        "has a __metadata__ %s of %s: must be a whole number from 0 to %d"
            .formatted(quoted(key), quoted(text), most));
  }

  private String entry(String key) throws SafetensorsException {
    String value = entries.get(key);
    if (value == null) {
      throw unreadable("has no __metadata__ " + quoted(key));
    }
    return value;
  }

  private static String key(int group, String name) {
    return "group." + group + "." + snake(name);
  }

  /** A name as files have it: those of {@code lamb step} too. */
  private static String snake(String name) {
    return name.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }

  private static String quoted(String name) {
    return Printable.value(name);
  }

  private SafetensorsException unreadable(String problem) {
    return new SafetensorsException(path, problem);
  }

  private IllegalArgumentException unfit(String problem) {
    return StateFile.unfit(path, problem);
  }
}
