package io.github.lamb4j.internal.engine;

import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.model.StateArray;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Translates the metadata that {@code lamb step} wrote before it shared the format of {@code
 * Lamb.save}: the hyperparameters of the command, and the expressions that excluded parameters from
 * decay and adaptation, instead of groups.
 */
final class OldStepState {

  /** The name of the group of parameters that no expression excludes. */
  private static final String GROUP = "model";

  /** Old keys by the current ones, for values that are written the same way. */
  private static final Map<String, String> SAME =
      Map.of(
          "beta1", "beta1",
          "beta2", "beta2",
          "epsilon", "epsilon",
          "decoupled_decay", "decoupled_decay",
          "gradient_averaging", "gradient_averaging",
          "weight_norm_limits.min", "weight_norm_min",
          "weight_norm_limits.max", "weight_norm_max",
          "trust_ratio_limits.min", "trust_min",
          "trust_ratio_limits.max", "trust_max");

  /**
   * How many characters all expressions of a file may read, in a few seconds. Expressions like
   * {@code .*norm.*} read thousands for a long name, but a crafted one can backtrack for years.
   */
  private static final int MOST_READS = 500_000_000;

  private final Map<String, String> old;
  private int reads;
  private final Map<String, String> entries = new LinkedHashMap<>();
  private int groupCount;

  private OldStepState(Map<String, String> old) {
    this.old = old;
  }

  /** Whether this is such metadata. */
  static boolean is(Map<String, String> entries) {
    return !entries.containsKey("format")
        && entries.containsKey("step")
        && entries.containsKey("no_decay")
        && entries.containsKey("no_adapt");
  }

  /**
   * Gives the metadata in the current format. What is missing stays missing.
   *
   * @param tensors the names of the file's tensors, in the order of the file
   * @throws IllegalArgumentException if an expression is not a regular expression, or takes too
   *     long to match
   */
  static Map<String, String> translate(Map<String, String> old, List<String> tensors) {
    return new OldStepState(old).translate(tensors);
  }

  private Map<String, String> translate(List<String> tensors) {
    entries.put("format", StateMetadata.FORMAT);
    entries.put("version", StateMetadata.VERSION);
    entries.put("step", old.get("step"));
    entries.put("skipped", old.getOrDefault("skipped_steps", "0"));
    copy("max_grad_norm", "max_grad_norm");
    entries.put(
        "non_finite_gradients", "true".equals(old.get("skip_nonfinite")) ? "SKIP" : "PROPAGATE");
    copy("preset", "preset");
    copy("grad_scale", "grad_scale");
    List<Pattern> undecayed = patterns("no_decay");
    List<Pattern> unadapted = patterns("no_adapt");
    Map<List<Boolean>, List<String>> groups = new LinkedHashMap<>();
    String prefix = StateArray.FIRST_MOMENT.tensorName("");
    for (String tensor : tensors) {
      if (tensor.startsWith(prefix)) {
        String name = tensor.substring(prefix.length());
        List<Boolean> switches = List.of(matches(undecayed, name), matches(unadapted, name));
        groups.computeIfAbsent(switches, key -> new ArrayList<>()).add(name);
      }
    }
    groups.forEach((switches, names) -> group(switches.get(0), switches.get(1), names));
    return entries;
  }

  private void group(boolean undecayed, boolean unadapted, List<String> names) {
    String key = "group." + groupCount++ + ".";
    String name = GROUP + (undecayed ? ", no decay" : "") + (unadapted ? ", no adaptation" : "");
    entries.put(key + "name", name);
    entries.put(key + "steps", old.get("step"));
    copy(key + "learning_rate", "learning_rate");
    SAME.forEach((now, before) -> copy(key + now, before));
    copy(key + "weight_decay", "weight_decay");
    copyUpper(key + "update_rule", "update_rule");
    copyUpper(key + "layer_adaptation", "layer_adaptation");
    copyUpper(key + "bias_correction", "bias_correction");
    entries.replace(key + "bias_correction", "LR", "LEARNING_RATE");
    if (undecayed) {
      entries.put(key + "weight_decay", "0.0");
    }
    if (unadapted) {
      entries.put(key + "layer_adaptation", "NEVER");
    }
    for (int p = 0; p < names.size(); p++) {
      entries.put(key + "parameter." + p, names.get(p));
    }
  }

  private void copy(String to, String from) {
    if (old.containsKey(from)) {
      entries.put(to, old.get(from));
    }
  }

  private void copyUpper(String to, String from) {
    if (old.containsKey(from)) {
      entries.put(to, old.get(from).toUpperCase(Locale.ROOT));
    }
  }

  private List<Pattern> patterns(String key) {
    List<Pattern> patterns = new ArrayList<>();
    for (String expression : old.get(key).split("\n", -1)) {
      if (expression.isEmpty()) {
        continue; // the file of a command without the option
      }
      try {
        patterns.add(Pattern.compile(expression));
      } catch (PatternSyntaxException | StackOverflowError e) {
        throw new IllegalArgumentException(key + " is not a list of regular expressions", e);
      }
    }
    return patterns;
  }

  private boolean matches(List<Pattern> patterns, String name) {
    for (Pattern pattern : patterns) {
      try {
        if (pattern.matcher(new CountedName(name)).find()) {
          return true;
        }
      } catch (TooManyReads e) {
        throw refused(pattern, "takes too long to match; replace it with a simpler one", e);
      } catch (StackOverflowError e) { // the matcher calls itself for each repetition of a group
        throw refused(pattern, "overflows the stack; replace it with a simpler one", e);
      }
    }
    return false;
  }

  private static IllegalArgumentException refused(Pattern pattern, String why, Throwable cause) {
    String expression = Printable.value(pattern.pattern());
    return new IllegalArgumentException("expression %s: %s".formatted(expression, why), cause);
  }

  private static final class TooManyReads extends RuntimeException {}

  /**
   * A name for a matcher, which stops once the expressions have read too much. Choices between
   * alternatives that all read nothing, as in {@code (|)(|)}, are not noticed.
   */
  private final class CountedName implements CharSequence {

    private final String name;

    CountedName(String name) {
      this.name = name;
    }

    @Override
    public char charAt(int index) {
      if (++reads > MOST_READS) {
        throw new TooManyReads();
      }
      return name.charAt(index);
    }

    @Override
    public int length() {
      return name.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return name.subSequence(start, end);
    }

    @Override
    public String toString() {
      return name;
    }
  }
}
