package io.github.lamb4j.cli;

import io.github.lamb4j.BiasCorrection;
import io.github.lamb4j.Hyperparameters;
import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LayerAdaptation;
import io.github.lamb4j.LayerNorms;
import io.github.lamb4j.Limits;
import io.github.lamb4j.Parameter;
import io.github.lamb4j.ParameterGroup;
import io.github.lamb4j.files.Printable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lamb step}: applies LAMB to a checkpoint in the safetensors format. */
@Command(
    name = "step",
    description = {
      "Applies LAMB steps to a model in the safetensors format, one for each --grads file, in order.",
      "Writes DIR/params.safetensors, DIR/state.safetensors and DIR/trust.json. With --state the run goes on: N steps"
          + " in one call and N calls of one step give the same bytes."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class StepCommand implements Callable<Integer> {

  private static final int MOST_THREADS = 256;

  @Spec private CommandSpec spec;

  @Option(
      names = "--params",
      required = true,
      paramLabel = "FILE",
      description = "The weights, all F32.")
  private Path params;

  @Option(
      names = "--grads",
      required = true,
      paramLabel = "FILE",
      description =
          "Gradients of the same names and shapes, F32, F16 or BF16. Repeat for more steps.")
  private List<Path> grads;

  @Option(
      names = "--state",
      paramLabel = "FILE",
      description = "Moments and step count of an earlier call; without it both moments are zero.")
  private Path state;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "Where results go.")
  private Path out;

  @Option(
      names = "--lr",
      required = true,
      split = ",",
      paramLabel = "LR",
      description = "The learning rate of all steps, or one for each.")
  private List<Double> learningRates;

  @Option(
      names = "--beta1",
      defaultValue = "0.9",
      paramLabel = "X",
      description = "Default ${DEFAULT-VALUE}.")
  private double beta1;

  @Option(
      names = "--beta2",
      defaultValue = "0.999",
      paramLabel = "X",
      description = "Default ${DEFAULT-VALUE}.")
  private double beta2;

  @Option(
      names = "--epsilon",
      defaultValue = "1e-6",
      paramLabel = "X",
      description = "Default ${DEFAULT-VALUE}.")
  private double epsilon;

  @Option(
      names = "--weight-decay",
      defaultValue = "0.01",
      paramLabel = "X",
      description = "Default ${DEFAULT-VALUE}.")
  private double weightDecay;

  @Option(names = "--no-bias-correction", description = "Use the moments as they are.")
  private boolean noBiasCorrection;

  @Option(
      names = "--max-grad-norm",
      paramLabel = "X",
      description = "Clip the norm of all gradients to this. Default: no clipping.")
  private Double maxGradNorm;

  @Option(
      names = "--trust-min",
      defaultValue = "0",
      paramLabel = "X",
      description = "Least trust ratio.")
  private double trustMin;

  @Option(
      names = "--trust-max",
      defaultValue = "Infinity",
      paramLabel = "X",
      description = "Largest trust ratio.")
  private double trustMax;

  @Option(
      names = "--weight-norm-max",
      defaultValue = "Infinity",
      paramLabel = "X",
      description = "Largest weight norm that the trust ratio sees.")
  private double weightNormMax;

  @Option(
      names = "--no-decay",
      paramLabel = "REGEX",
      description = "No weight decay for parameters in whose name this is found. May be repeated.")
  private List<String> noDecay = List.of();

  @Option(
      names = "--no-adapt",
      paramLabel = "REGEX",
      description = "Trust ratio 1 for parameters in whose name this is found. May be repeated.")
  private List<String> noAdapt = List.of();

  @Option(
      names = "--backend",
      defaultValue = "auto",
      paramLabel = "NAME",
      description = "auto, cuda or cpu.")
  private BackendOption backend;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of the CPU backend; changes no bit.")
  private Integer threads;

  private long stepsBefore;

  @Override
  public Integer call() throws IOException {
    requireLearningRates();
    Hyperparameters base = hyperparameters();
    List<NamePattern> undecayed = NamePattern.all("--no-decay", noDecay);
    List<NamePattern> unadapted = NamePattern.all("--no-adapt", noAdapt);
    LambBuilder builder = Lamb.on(backend.choice());
    if (maxGradNorm != null) {
      requireMaxGradNorm();
      builder.maxGradNorm(maxGradNorm);
    }
    if (threads != null) {
      requireThreads();
      builder.threads(threads);
    }
    try (StepFiles files = StepFiles.open(params, grads, state, out)) {
      stepsBefore = files.stepsBefore();
      groups(files.load(), base, undecayed, unadapted)
          .forEach((own, members) -> builder.group(groupName(own), own, members));
      try (Lamb lamb = builder.build()) {
        run(files, lamb);
      }
    } catch (OutOfMemoryError e) {
      throw new BadInput(
          "the model does not fit the Java heap of %d MiB: raise it with JAVA_OPTS=-Xmx..."
              .formatted(Runtime.getRuntime().maxMemory() >> 20));
    }
    return 0;
  }

  private static String groupName(Hyperparameters own) {
    return "weight decay %s, layer adaptation %s"
        .formatted(own.weightDecay(), own.isAdapted() ? "on" : "off");
  }

  private void run(StepFiles files, Lamb lamb) throws IOException {
    files.restore(lamb);
    Map<Long, List<LayerNorms>> norms = new TreeMap<>();
    for (int i = 0; i < grads.size(); i++) {
      files.loadGradients(i);
      lamb.step();
      norms.put(lamb.stepCount(), lamb.layerNorms());
    }
    files.write(lamb, metadata(lamb.stepCount()), norms);
    PrintWriter stdout = spec.commandLine().getOut();
    for (ParameterGroup group : lamb.groups()) { // shows an expression that matched nothing
      stdout.printf("%d tensor(s) with %s%n", group.parameters().size(), group.name());
    }
    stdout.printf(
        "%d step(s), now at step %d; results are in %s%n",
        grads.size(), lamb.stepCount(), Printable.path(out));
    stdout.flush();
  }

  /**
   * What the state was made with. Of the learning rates only the last, so that N calls write what
   * one call does.
   */
  private Map<String, String> metadata(long step) {
    Map<String, String> metadata = new TreeMap<>();
    metadata.put("step", Long.toString(step));
    metadata.put("learning_rate", Double.toString(learningRate(step)));
    metadata.put("beta1", Double.toString(beta1));
    metadata.put("beta2", Double.toString(beta2));
    metadata.put("epsilon", Double.toString(epsilon));
    metadata.put("weight_decay", Double.toString(weightDecay));
    metadata.put("bias_correction", Boolean.toString(!noBiasCorrection));
    metadata.put("max_grad_norm", maxGradNorm == null ? "none" : maxGradNorm.toString());
    metadata.put("trust_min", Double.toString(trustMin));
    metadata.put("trust_max", Double.toString(trustMax));
    metadata.put("weight_norm_max", Double.toString(weightNormMax));
    metadata.put("no_decay", String.join("\n", noDecay));
    metadata.put("no_adapt", String.join("\n", noAdapt));
    return metadata;
  }

  private void requireLearningRates() {
    if (learningRates.size() != 1 && learningRates.size() != grads.size()) {
      throw new BadInput(
          "--lr has %d values for %d --grads files: give one for all, or one for each"
              .formatted(learningRates.size(), grads.size()));
    }
    for (double rate : learningRates) {
      if (!(rate >= 0) || Double.isInfinite(rate)) {
        throw new BadInput("--lr " + rate + ": must be a finite number, 0 or more");
      }
    }
  }

  private void requireMaxGradNorm() {
    if (!(maxGradNorm > 0) || maxGradNorm.isInfinite()) {
      throw new BadInput(
          "--max-grad-norm "
              + maxGradNorm
              + ": must be a finite number above 0; leave it out for no clipping");
    }
  }

  private void requireThreads() {
    if (threads < 1 || threads > MOST_THREADS) {
      throw new BadInput("--threads " + threads + ": give 1 to " + MOST_THREADS);
    }
  }

  private Hyperparameters hyperparameters() {
    return Hyperparameters.lamb(this::learningRate)
        .withBetas(beta1, beta2)
        .withEpsilon(epsilon)
        .withWeightDecay(weightDecay)
        .withBiasCorrection(noBiasCorrection ? BiasCorrection.NONE : BiasCorrection.MOMENTS)
        .withTrustRatioLimits(limits("--trust-min, --trust-max", trustMin, trustMax))
        .withWeightNormLimits(limits("--weight-norm-max", 0, weightNormMax));
  }

  private static Limits limits(String options, double min, double max) {
    try {
      return new Limits(min, max);
    } catch (IllegalArgumentException e) {
      throw new BadInput(options + ": " + e.getMessage());
    }
  }

  private double learningRate(long step) {
    return learningRates.get(learningRates.size() == 1 ? 0 : (int) (step - stepsBefore - 1));
  }

  /**
   * One group for each pair of switches that some parameter has, in the order of the parameters.
   */
  private static Map<Hyperparameters, List<Parameter>> groups(
      List<? extends Parameter> parameters,
      Hyperparameters base,
      List<NamePattern> undecayed,
      List<NamePattern> unadapted) {
    Map<Hyperparameters, List<Parameter>> groups = new LinkedHashMap<>();
    for (Parameter parameter : parameters) {
      Hyperparameters own = base;
      if (undecayed.stream().anyMatch(p -> p.isIn(parameter.name()))) {
        own = own.withWeightDecay(0);
      }
      if (unadapted.stream().anyMatch(p -> p.isIn(parameter.name()))) {
        own = own.withLayerAdaptation(LayerAdaptation.NEVER);
      }
      groups.computeIfAbsent(own, key -> new ArrayList<>()).add(parameter);
    }
    return groups;
  }

  /** A regular expression that is searched for in names. */
  private record NamePattern(String option, Pattern pattern) {

    static List<NamePattern> all(String option, List<String> expressions) {
      return expressions.stream().map(expression -> of(option, expression)).toList();
    }

    private static NamePattern of(String option, String expression) {
      // What Java makes of an argument that the locale cannot hold; no name would ever match it.
      if (expression.indexOf('\uFFFD') >= 0) {
        throw new BadInput(
            "%s %s: not text in this locale; set LC_ALL=C.UTF-8".formatted(option, expression));
      }
      try {
        return new NamePattern(option, Pattern.compile(expression));
      } catch (PatternSyntaxException e) {
        throw new BadInput(
            option + " " + expression + ": not a regular expression: " + e.getDescription());
      } catch (StackOverflowError e) {
        throw tooDeep(option, expression);
      }
    }

    boolean isIn(String name) {
      try {
        return pattern.matcher(name).find();
      } catch (StackOverflowError e) {
        throw tooDeep(option, pattern.pattern());
      }
    }

    // Java's matcher calls itself for each repetition of a group.
    private static BadInput tooDeep(String option, String expression) {
      return new BadInput(
          "%s %s: takes more stack than there is; simplify it"
              .formatted(option, Printable.value(expression)));
    }
  }
}
