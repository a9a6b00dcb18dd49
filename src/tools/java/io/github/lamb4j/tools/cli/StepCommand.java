package io.github.lamb4j.tools.cli;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.UpdateRule;
import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.report.StepReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
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
      "Writes DIR/params.safetensors, DIR/state.safetensors and DIR/trust.json. With --state the run goes on: N steps"
          + " in one call and N calls of one step give the same bytes."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class StepCommand implements Callable<Integer> {

  private static final int MOST_THREADS = 256;

  private final Function<BackendOption, LambBuilder> builders;

  @Spec private CommandSpec spec;

  @Option(
      names = "--params",
      required = true,
      paramLabel = "FILE",
      description = "The weights, F32, F16 or BF16. Of half ones the state keeps an F32 master.")
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
      description =
          "Moments, masters and step count of an earlier call; without it both moments are zero.")
  private Path state;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "Where results go.")
  private Path out;

  @Option(
      names = "--lr",
      required = true,
      split = ",",
      paramLabel = "LR",
      description =
          "The learning rate of all steps, or one for each --grads file; a file that is skipped takes its own with it.")
  private List<Double> learningRates;

  @Mixin private OptimizerOptions optimizer;

  @Mixin private GroupOptions groups;

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

  /** The command as it is. */
  StepCommand() {
    this(backend -> Lamb.on(backend.choice()));
  }

  /** The command on other optimizers of host parameters: a test's. */
  StepCommand(Function<BackendOption, LambBuilder> builders) {
    this.builders = builders;
  }

  @Override
  public Integer call() throws IOException {
    LearningRates rates = new LearningRates(learningRates, grads.size());
    Hyperparameters base = optimizer.hyperparameters(rates);
    GroupOptions.Selection selection = groups.selection();
    requireThreads();
    LambBuilder builder = builders.apply(backend);
    optimizer.configure(builder);
    if (threads != null) {
      builder.threads(threads);
    }
    try (StepFiles files = StepFiles.open(params, grads, state, out)) {
      Map<Hyperparameters, List<Parameter>> chosen = selection.groups(files.load(), base);
      chosen.forEach((own, members) -> builder.group(groupName(own), own, members));
      try (Lamb lamb = builder.build()) {
        run(files, lamb, rates, base);
      }
    } catch (OutOfMemoryError e) {
      throw new BadInput(
          "the model does not fit the Java heap of %d MiB: raise it with JAVA_OPTS=-Xmx..."
              .formatted(Runtime.getRuntime().maxMemory() >> 20));
    }
    return 0;
  }

  private void requireThreads() {
    if (threads != null && (threads < 1 || threads > MOST_THREADS)) {
      throw new BadInput("--threads " + threads + ": give 1 to " + MOST_THREADS);
    }
  }

  private static String groupName(Hyperparameters own) {
    return "weight decay %s, layer adaptation %s"
        .formatted(own.weightDecay(), own.isAdapted() ? "on" : "off");
  }

  private void run(StepFiles files, Lamb lamb, LearningRates rates, Hyperparameters base)
      throws IOException {
    files.restore(lamb);
    TrustHistory trust = new TrustHistory(base.updateRule() == UpdateRule.LANS);
    List<String> skipped = new ArrayList<>();
    StepReport report = lamb.newReport();
    for (int i = 0; i < grads.size(); i++) {
      files.loadGradients(i);
      rates.beginFile(i);
      lamb.step();
      lamb.report(report);
      if (report.skippedSteps() > skipped.size()) {
        skipped.add(
            "skipped %s: the norm of its gradients is %s"
                .formatted(Printable.path(grads.get(i)), report.gradientNorm()));
      } else {
        trust.add(report);
      }
    }
    Map<String, String> metadata = new TreeMap<>();
    metadata.put(StepFiles.STEP, Long.toString(report.step()));
    metadata.put(
        StepFiles.SKIPPED_STEPS, Long.toString(files.skippedBefore() + report.skippedSteps()));
    // Of the learning rates only the last, so that N calls write what one call does.
    metadata.put("learning_rate", Double.toString(rates.current()));
    optimizer.describe(base, metadata);
    groups.describe(metadata);
    files.write(lamb, metadata, trust);
    print(lamb.groups(), optimizer.clipping(base), skipped, trust.stepCount(), report.step());
  }

  private void print(
      List<ParameterGroup> groups,
      Optional<String> clipping,
      List<String> skipped,
      int taken,
      long step) {
    PrintWriter stdout = spec.commandLine().getOut();
    for (ParameterGroup group : groups) { // shows an expression that matched nothing
      stdout.printf("%d tensor(s) with %s%n", group.parameters().size(), group.name());
    }
    clipping.ifPresent(stdout::println);
    skipped.forEach(stdout::println);
    stdout.printf(
        "%d step(s), now at step %d; results are in %s%n", taken, step, Printable.path(out));
    stdout.flush();
  }
}
