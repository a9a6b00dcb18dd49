package io.github.lamb4j.tools.cli;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.internal.engine.StateMetadata;
import io.github.lamb4j.internal.engine.StepCounts;
import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.report.StepReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lamb step}: applies LAMB to a checkpoint in the safetensors format. */
@Command(
    name = "step",
    description = {
      "Applies LAMB steps to a model in the safetensors format, one for each --grads file, in order.",
      "Writes DIR/params.safetensors, DIR/state.safetensors and DIR/trust.json. With --state a run continues: N calls"
          + " of one step give the same bytes as one call of N steps."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class StepCommand implements Callable<Integer> {

  private static final int MOST_THREADS = 256;

  private final Function<BackendOption, LambBuilder> builders;
  private final Consumer<String> beforeChange;

  /** Lines to print after a successful run. */
  private final List<String> notes = new ArrayList<>();

  @Spec private CommandSpec spec;

  @Option(
      names = "--params",
      required = true,
      paramLabel = "FILE",
      description =
          "The weights: F32, F16 or BF16, in a file or in the files of a"
              + " model.safetensors.index.json. For half-precision weights the state keeps F32 masters.")
  private Path params;

  @Option(
      names = "--grads",
      required = true,
      paramLabel = "FILE",
      description =
          "Gradients with the same names and shapes: F32, F16 or BF16, in a file or the files of an"
              + " index. Repeat for more steps.")
  private List<Path> grads;

  @Option(
      names = "--state",
      paramLabel = "FILE",
      description =
          "The state to continue from, a file or an index, of an earlier call or of Lamb.save. Without it both"
              + " moments are zero.")
  private Path state;

  @Option(
      names = "--override-state",
      description =
          "Let options that contradict the state override it. Options that are not given take their"
              + " values from it, except --lr.")
  private boolean overrideState;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "The folder for the results.")
  private Path out;

  @Option(
      names = "--lr",
      required = true,
      split = ListOption.COMMA,
      splitSynopsisLabel = ",",
      paramLabel = "LR",
      description =
          "The learning rate of all steps, or one for each --grads file. A skipped file takes its rate"
              + " along.")
  private List<Double> learningRates;

  @Mixin private OptimizerOptions optimizer;

  @Mixin private GradientOptions gradients;

  @Mixin private TensorOptions names;

  @Option(
      names = "--dry-run",
      description =
          "Check the files, print each tensor's shape, type, weight decay and adaptation and whether"
              + " it is frozen, and write nothing.")
  private boolean dryRun;

  @Option(
      names = "--backend",
      defaultValue = BackendOption.AUTO,
      paramLabel = "NAME",
      converter = BackendOption.Converter.class,
      completionCandidates = BackendOption.Converter.class,
      description = "${COMPLETION-CANDIDATES}.")
  private BackendOption backend;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of the CPU backend. Does not affect the results.")
  private Integer threads;

  /** The command. */
  StepCommand() {
    this(backend -> Lamb.on(backend.choice()));
  }

  /** The command with other backends of host parameters, for tests. */
  StepCommand(Function<BackendOption, LambBuilder> builders) {
    this(builders, change -> {});
  }

  /** The command with an observer of the changes that it makes to the results, for tests. */
  StepCommand(Function<BackendOption, LambBuilder> builders, Consumer<String> beforeChange) {
    this.builders = builders;
    this.beforeChange = beforeChange;
  }

  @Override
  public Integer call() throws IOException {
    LearningRates rates = new LearningRates(learningRates, grads.size());
    optimizer.hyperparameters(rates); // refuses contradictions before any file is opened
    gradients.requireRanges();
    TensorOptions.Rules rules = names.rules();
    requireThreads();
    LambBuilder builder = builders.apply(backend);
    if (threads != null) {
      builder.threads(threads);
    }
    try (StepFiles files = StepFiles.open(params, grads, state, out, rules, dryRun, beforeChange)) {
      step(files, builder, rules, rates);
    }
    return 0;
  }

  private void step(
      StepFiles files, LambBuilder builder, TensorOptions.Rules rules, LearningRates rates)
      throws IOException {
    try {
      StepSetup setup = setup(files, rules, rates);
      if (dryRun) {
        spec.commandLine().getOut().print(files.plan().table(setup.groups()));
        spec.commandLine().getOut().flush();
        return;
      }
      setup.configure(builder);
      try (Lamb lamb = builder.build()) {
        run(files, lamb, rates, setup);
      }
    } catch (OutOfMemoryError e) {
      throw new BadInput(
          "the model needs %d MiB or more and does not fit the Java heap of %d MiB: raise it with JAVA_OPTS=-Xmx..."
              .formatted(files.neededMib(), Runtime.getRuntime().maxMemory() >> 20));
    }
  }

  private void requireThreads() {
    if (threads != null && (threads < 1 || threads > MOST_THREADS)) {
      throw new BadInput("--threads " + threads + ": use 1 to " + MOST_THREADS);
    }
  }

  private StepSetup setup(StepFiles files, TensorOptions.Rules rules, LearningRates rates)
      throws IOException {
    List<Parameter> parameters = files.load();
    Optional<StateMetadata> saved = files.saved().filter(metadata -> !metadata.bare());
    if (saved.isEmpty()) {
      return StepSetup.fresh(optimizer, gradients, rules, rates, parameters);
    }
    SavedSetup before =
        new SavedSetup(state, saved.get(), optimizer, gradients, rules, overrideState);
    StepSetup setup = before.resume(rates, parameters);
    notes.add(before.summary(optimizer.hyperparameters(rates)));
    return setup;
  }

  private void run(StepFiles files, Lamb lamb, LearningRates rates, StepSetup setup)
      throws IOException {
    files.restore(lamb, overrideState);
    FiniteCheck check = new FiniteCheck(setup.policy());
    long skippedBefore = lamb.skippedSteps();
    TrustHistory trust = new TrustHistory(setup);
    List<String> skipped = new ArrayList<>();
    boolean clipped = false;
    StepReport report = lamb.newReport();
    OptionalDouble lastRate = OptionalDouble.empty();
    for (int i = 0; i < grads.size(); i++) {
      files.loadGradients(i, check);
      rates.beginFile(i);
      lamb.step();
      lamb.report(report);
      if (report.skippedSteps() > skippedBefore + skipped.size()) {
        check.skipped(files.grads(i), report.gradientNorm());
        skipped.add(
            "skipped %s: the norm of its gradients is %s"
                .formatted(files.grads(i), report.gradientNorm()));
      } else {
        trust.add(report);
        lastRate = OptionalDouble.of(rates.current());
        clipped |= setup.clips(report.gradientNorm());
        files.checkWeights(i, check, lamb);
      }
    }
    check.moments(files.grads(grads.size() - 1), lamb);
    long stepBefore = files.saved().map(StateMetadata::step).orElse(0L);
    long skippedInAll =
        files.saved().map(StateMetadata::skipped).orElse(0L)
            + report.skippedSteps()
            - skippedBefore;
    StepCounts counts = setup.counts(report.step(), stepBefore, skippedInAll, lastRate);
    files.write(lamb, report.step(), setup.metadata(counts), trust);
    check.warning().ifPresent(this::warn);
    notes.addAll(files.plan().untrained());
    if (clipped) {
      notes.add(setup.clipping());
    }
    notes.addAll(skipped);
    print(setup, trust.stepCount(), report.step());
  }

  private void warn(String warning) {
    PrintWriter stderr = spec.commandLine().getErr();
    stderr.println(spec.qualifiedName() + ": " + warning);
    stderr.flush();
  }

  private void print(StepSetup setup, int taken, long step) {
    PrintWriter stdout = spec.commandLine().getOut();
    Map<String, Integer> tensors = new LinkedHashMap<>();
    for (ParameterGroup group : setup.groups()) {
      tensors.merge(
          StepSetup.describe(group.hyperparameters()), group.parameters().size(), Integer::sum);
    }
    tensors.forEach((what, count) -> stdout.printf("%d tensor(s) with %s%n", count, what));
    notes.forEach(stdout::println);
    stdout.printf(
        "%d step(s), now at step %d; results are in %s%n", taken, step, Printable.path(out));
    stdout.flush();
  }
}
